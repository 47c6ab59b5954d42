package app

import (
	"fmt"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Secret reads a secret from the file that a flag names, else from the
// environment; neither gives "". The flag's own variable is <variable>_FILE.
// It refuses what no sender could match, such as two lines. Errors do not contain the secret.
func Secret(file, flag, variable string) (string, error) {
	text, err := secretText(file, flag, variable)
	if err == nil && strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) }) {
		return "", fmt.Errorf("%s or %s: a line break or another invisible character stands inside the secret: write it on one line, several webhook secrets separated by commas", flag, variable)
	}
	return text, err
}

// secretText is what is written, without what editors put around it: a byte order mark, spaces and line breaks.
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
