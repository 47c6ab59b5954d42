package phone

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNumbersAreReadAsTelephonySystemsWriteThem(t *testing.T) {
	for name, tc := range map[string]struct{ country, text, want string }{
		"as babelforce writes it":                {"", "+493066665555", "+493066665555"},
		"with spaces and signs":                  {"", "+49 (30) 6666-5555", "+493066665555"},
		"without the plus":                       {"", "493066665555", "+493066665555"},
		"without the plus, at home":              {"DE", "493066665555", "+493066665555"},
		"without the plus, from abroad":          {"DE", "33178979877", "+33178979877"},
		"national":                               {"DE", "030 66665555", "+493066665555"},
		"with the prefix for calls abroad":       {"DE", "0033178979877", "+33178979877"},
		"national where no 0 is dialled":         {"US", "2025550123", "+12025550123"},
		"national that abroad could be a number": {"CA", "4319012345", "+14319012345"},
		"of another country":                     {"DE", "+33178979877", "+33178979877"},
		"of a range that is too new to be known": {"", "+15555550123", "+15555550123"},
	} {
		number, ok := Parse(tc.text, tc.country)
		require.True(t, ok, name)
		require.Equal(t, tc.want, number.E164(), name)
	}
}

func TestWhatNobodyCanBeCalledBackAtIsNoNumber(t *testing.T) {
	for _, tc := range []struct{ country, text string }{
		{"", ""}, {"", "+"}, {"", "anonymous"}, {"DE", "anonymous"}, {"", "sip:101@pbx.example.com"}, {"", "030 66665555"},
		{"", "101"}, {"DE", "101"}, {"DE", "2001"}, {"GB", "2001"}, {"", "4912"}, {"DE", "49301"}, {"", "+101"}, {"", "+4912"},
		{"XX", "030 66665555"}, {"", "+493066665555493066665555"},
	} {
		_, ok := Parse(tc.text, tc.country)
		require.False(t, ok, "%+v", tc)
	}
}

func TestNumbersAreWrittenForThoseWhoReadThem(t *testing.T) {
	number, ok := Parse("+493066665555", "")
	require.True(t, ok)
	require.Equal(t, "+493066665555", number.E164())
	require.Equal(t, "030 66665555", number.National())
	require.Equal(t, "+49 30 66665555", number.International())
}

func TestCountriesAreTwoCapitalLetters(t *testing.T) {
	for code, want := range map[string]bool{"DE": true, "US": true, "de": false, "DEU": false, "XX": false, "": false, "001": false} {
		require.Equal(t, want, IsCountry(code), code)
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"+493066665555", "030 66665555", "tel:+49;ext=1", "＋４９30", "\xff+1"} {
		f.Add(text, "DE")
	}
	f.Fuzz(func(t *testing.T, text, country string) {
		number, ok := Parse(text, country)
		if !ok {
			return
		}
		require.Regexp(t, `^\+[1-9]\d{1,16}$`, number.E164())
		require.NotEmpty(t, number.National())
		again, ok := Parse(number.E164(), "")
		require.True(t, ok)
		require.Equal(t, number.E164(), again.E164())
	})
}

func TestNumberIsFoundHoweverItWasWrittenDown(t *testing.T) {
	for _, written := range []struct{ text, country string }{
		{"+493066665555", ""}, {"493066665555", ""}, {"030 66665555", "DE"}, {"030 66665555", ""}, {"030/6666-5555", ""}, {"0049 30 66665555", "DE"}, {"0049 30 66665555", ""},
	} {
		require.Contains(t, Spellings("030 66665555", "DE"), Canonical(written.text, written.country), written)
		require.Contains(t, Spellings("+493066665555", ""), Canonical(written.text, written.country), written)
	}
	require.Equal(t, []string{"2001"}, Spellings(" 20-01 ", "DE"))
}
