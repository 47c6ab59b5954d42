package phone

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPrefixIsE164(t *testing.T) {
	for _, c := range []struct{ country, text, want string }{
		{"", "+49900", "+49900"}, {"", "+49 (9) 00", "+49900"}, {"", "+4", "+4"}, {"IT", "+39 06", "+3906"}, {"IT", "06", "+3906"}, {"DE", "+33 1", "+331"}, {"DE", "0900", "+49900"}, {"DE", "0 30 / 1", "+49301"},
		{"US", "1900", "+1900"}, {"US", "900", "+1900"}, {"ES", "806", "+34806"}, {"RU", "8 800", "+7800"},
	} {
		prefix, err := Prefix(c.text, c.country)
		require.NoError(t, err, c)
		require.Equal(t, c.want, prefix, c)
	}
}

func TestInvalidPrefixIsRefused(t *testing.T) {
	for _, c := range []struct {
		country, text string
		want          error
	}{
		{"", "", ErrWithheld}, {"", "anonymous", ErrWithheld}, {"", "+", ErrWithheld}, {"", "0900", ErrNoCountry}, {"", "+0900", ErrUnreadable}, {"", "+49 (0)900", ErrUnreadable}, {"", "+999", ErrUnreadable},
		{"DE", "900", ErrUnreadable}, {"DE", "0", ErrUnreadable}, {"DE", "0049 900", ErrUnreadable}, {"DE", "+49 900 Anna", ErrUnreadable},
	} {
		_, err := Prefix(c.text, c.country)
		require.Equal(t, c.want, err, c)
	}
}
