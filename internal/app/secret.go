package app

import (
	"fmt"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Secret reads a secret from the file of a flag, otherwise from an environment variable, and returns
// "" if neither is set. The environment variable of the flag is <variable>_FILE. It fails if the
// secret contains line breaks or invisible characters, which no request could contain. Errors do not
// contain the secret.
func Secret(file, flag, variable string) (string, error) {
	text, err := secretText(file, flag, variable)
	if err == nil && strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) }) {
		return "", fmt.Errorf("%s or %s: the secret contains a line break or another invisible character: write it on one line, several webhook secrets separated by commas", flag, variable)
	}
	return text, err
}

// secretText reads the text of a secret without the byte order mark, spaces and line breaks that
// editors add.
func secretText(file, flag, variable string) (string, error) {
	text := os.Getenv(variable)
	if file != "" {
		content, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("%s (%s_FILE): %w", flag, variable, err)
		}
		text = string(content)
	}
	text = strings.TrimSpace(strings.TrimPrefix(text, "\ufeff"))
	switch {
	case !utf8.ValidString(text):
		return "", fmt.Errorf("%s or %s: the secret is not UTF-8 text: save it again as UTF-8", flag, variable)
	case file != "" && text == "":
		return "", fmt.Errorf("%s (%s_FILE): %s is empty", flag, variable, file)
	}
	return text, nil
}
