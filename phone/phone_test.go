package phone

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
	"github.com/stretchr/testify/require"
)

func TestParseReadsTelephoneSystemsFormats(t *testing.T) {
	for name, tc := range map[string]struct{ country, text, want string }{
		"as babelforce writes it":                     {"", "+493066665555", "+493066665555"},
		"with spaces and signs":                       {"", "+49 (30) 6666-5555", "+493066665555"},
		"with the 0 not to be dialled":                {"", "+49 (0)30 6666-5555", "+493066665555"},
		"with the country code in brackets":           {"", "(+49) 30 66665555", "+493066665555"},
		"in groups":                                   {"FR", "01.78.97.98.77", "+33178979877"},
		"without the plus":                            {"", "493066665555", "+493066665555"},
		"without the plus, in DE":                     {"DE", "493066665555", "+493066665555"},
		"without the plus, from abroad":               {"DE", "33178979877", "+33178979877"},
		"without the plus, like a local one":          {"IT", "351912345678", "+351912345678"},
		"national":                                    {"DE", "030 66665555", "+493066665555"},
		"national, with another prefix than 0":        {"RU", "8 (495) 123-45-67", "+74951234567"},
		"national, with the prefix for mobile phones": {"AR", "011 15 2345-6789", "+5491123456789"},
		"national, with a carrier's code":             {"BR", "0 21 11 98765-4321", "+5511987654321"},
		"national, without a 0":                       {"US", "2025550123", "+12025550123"},
		"national, the 0 is part of it":               {"IT", "02 3661 8300", "+390236618300"},
		"national, mobile phones have no 0":           {"CN", "13800138000", "+8613800138000"},
		"national, also valid abroad":                 {"CA", "4319012345", "+14319012345"},
		"with the prefix for calls abroad":            {"DE", "0033178979877", "+33178979877"},
		"with the prefix for calls abroad, in Russia": {"RU", "8 10 49 30 66665555", "+493066665555"},
		"of another country":                          {"DE", "+33178979877", "+33178979877"},
		"of a range too new to be known":              {"", "+15555550123", "+15555550123"},
		"a floating-point number":                     {"", "493023125042.0", "+493023125042"},
		"in full-width characters":                    {"", "＋４９（３０）６６６６５５５５", "+493066665555"},
		"in Arabic digits":                            {"DE", "٠٣٠ ٦٦٦٦٥٥٥٥", "+493066665555"},
		"in Persian digits":                           {"", "+۴۹۳۰۶۶۶۶۵۵۵۵", "+493066665555"},
		"between direction marks":                     {"", "\u2066+493066665555\u2069", "+493066665555"},
		"with other invisible characters":             {"", "\ufeff+49\u200b30\u00ad6666\u20605555\x00\ufe0f\u034f", "+493066665555"},
		"with other spaces":                           {"", "\t+49\u00a030\u200966665555\r\n", "+493066665555"},
	} {
		number, err := Parse(tc.text, tc.country)
		require.NoError(t, err, name)
		require.Equal(t, tc.want, number.E164(), name)
	}
}

func TestTextAroundANumberIsIgnored(t *testing.T) {
	for _, text := range []string{
		"+49 89 123456 (Anna)", "(Anna) +49 89 123456", "+49 89 123456 [mobil]", "+49 89 123456（安娜）", `"Anna" +49 89 123456`, `"+4989123456"`,
		"sip:+4989123456@pbx.example.net", "SIPS:+49-89-123456@10.0.0.1:5061;transport=tls", "sip:+4989123456@[2001:db8::1]", "sip:%2B4989123456@pbx.example.net",
		"sip:4989123456@pbx.example.net;user=phone", "sip:+4989123456;phone-context=+49@pbx.example.net", "sip:+4989123456", "+4989123456@pbx.example.net",
		`"Anna" <sip:+4989123456@pbx.example.net>;tag=1928301774`, `"+49 30 1 (Anna)" <sip:+4989123456@pbx.example.net>`, "Anna <+49 89 123456>", "<tel:+4989123456>",
		"tel:+49-89-123456", "Tel: +49 89 123456", "tel:+49-89-123456;ext=12", "tel:+49-89-123456;ext=12;isub=1", "\u2066<sip:+4989123456@pbx.example.net>\u2069",
		"+49 89 123456 ext. 12", "+49 89 123456, Extension 12", "+49 89 123456 ext. 12 (Anna)",
	} {
		number, err := Parse(text, "")
		require.NoError(t, err, text)
		require.Equal(t, "+4989123456", number.E164(), text)
	}
}

// Mexico abolished the 1 in 2019. Networks and messengers still send it.
func TestOldMexicanMobileNumberIsConverted(t *testing.T) {
	for _, tc := range []struct{ country, text string }{
		{"", "+525512345678"}, {"", "+5215512345678"}, {"", "+52 1 55 1234 5678"}, {"", "5215512345678"}, {"DE", "5215512345678"}, {"DE", "005215512345678"},
		{"US", "011 52 1 55 1234 5678"}, {"MX", "+5215512345678"}, {"MX", "5215512345678"}, {"MX", "55 1234 5678"}, {"", "sip:+5215512345678@pbx.example.net"},
	} {
		number, err := Parse(tc.text, tc.country)
		require.NoError(t, err, "%+v", tc)
		require.Equal(t, "+525512345678", number.E164(), "%+v", tc)
	}
	number, err := Parse("15512345678", "MX")
	require.NoError(t, err)
	require.Equal(t, "+15512345678", number.E164(), "a number in New Jersey")
}

func TestUncallableNumberIsRefused(t *testing.T) {
	for _, tc := range []struct {
		because error
		country string
		texts   []string
	}{
		{ErrWithheld, "", []string{"", "+", "-", " ", "anonymous", "(Anna)", "sip:anonymous@anonymous.invalid", "Anonymous <sip:anonymous@10.0.0.1>;tag=7", "anonymous;tag=7"}},
		{ErrInternal, "", []string{"101", "+101", "4912", "+4912", "sip:101@pbx.example.com", "tel:7042;phone-context=pbx.example.net", "2001.0"}},
		{ErrInternal, "DE", []string{"101", "2001", "49301"}},
		{ErrInternal, "GB", []string{"2001"}},
		{ErrNoCountry, "", []string{"030 66665555", "sip:03066665555@pbx.example.net", "(030) 66665555 (Anna)", "8104930231250"}},
		{ErrUnreadable, "XX", []string{"030 66665555"}},
		{ErrUnreadable, "CA", []string{"310 0000"}}, // cannot be called from abroad
		{ErrUnreadable, "", []string{"+493066665555493066665555", "+999123456789", "+4900000001"}},
		// Letters do not stand for the digits on their keys.
		{ErrUnreadable, "DE", []string{"client:user_2089123456", "user_2089123456", "030 FLOWERS", "+49 30 6666555x", "+49 89 123456 Anna", "Anna +49 89 123456", "+49 89 123456x12"}},
		{ErrUnreadable, "DE", []string{"4.93023125042e11", "4.93023E+11", "0x1C9F2D4A", "https://example.net/030 66665555", "anna@example.net 030 66665555"}},
		// Without a plus, a number begins with the country code or is written as dialled.
		{ErrUnreadable, "DE", []string{"15555550123", "22507123456", "2089123456", "3066665555", "521551234567", "0022507123456"}},
		{ErrUnreadable, "AT", []string{"tel:030-66665555;phone-context=+49"}},
		// The text is ambiguous.
		{ErrUnreadable, "DE", []string{"030 66665555, 030 66665556", "030 66665555;030 66665556", "+493066665555;+493066665556", "+493066665555\n+493066665556", "+49 30 66665555 +49 30 66665556"}},
		{ErrUnreadable, "DE", []string{"030 66665555 (2)", "030 66665555 (Anna 2)", "030 66 (Anna) 665555", "0049 30 6666....", "+49 30 ----5555", "+49 30 6666***", "+49 30 6666…"}},
		{ErrUnreadable, "DE", []string{"*31#03066665555", "++493066665555", "0+493066665555", "sip:49.30.231.25", "49.30.231.25", "+49 ३०२३१२५०४२", "+49 30 ²³¹²⁵⁰⁴²", "+49 30 2312504\ufffd2"}},
	} {
		for _, text := range tc.texts {
			_, err := Parse(text, tc.country)
			require.Equal(t, tc.because, err, "%q in %q", text, tc.country)
		}
	}
}

func TestNumberIsFormattedForItsReaders(t *testing.T) {
	for _, tc := range []struct{ text, national, international string }{
		{"+493066665555", "030 66665555", "+49 30 66665555"},
		{"+5491123456789", "+54 9 11 2345-6789", "+54 9 11 2345-6789"},
	} {
		number, err := Parse(tc.text, "")
		require.NoError(t, err)
		require.Equal(t, tc.text, number.E164())
		require.Equal(t, tc.national, number.National())
		require.Equal(t, tc.international, number.International())
	}
}

func TestCountriesAreTwoCapitalLetters(t *testing.T) {
	for code, want := range map[string]bool{"DE": true, "US": true, "de": false, "DEU": false, "XX": false, "": false, "001": false} {
		require.Equal(t, want, IsCountry(code), code)
	}
}

func TestNumberIsFoundInAnySpelling(t *testing.T) {
	for _, asked := range []struct{ text, country string }{{"030 66665555", "DE"}, {"+493066665555", ""}, {"sip:+493066665555@pbx.example.net", ""}} {
		spellings, err := Spellings(asked.text, asked.country)
		require.NoError(t, err)
		for _, written := range []struct{ text, country string }{
			{"+493066665555", ""}, {"493066665555", ""}, {"030 66665555", "DE"}, {"030 66665555", ""}, {"030/6666-5555", ""}, {"0049 30 66665555", "DE"},
			{"0049 30 66665555", ""}, {"3066665555", "DE"}, {"\u2066030 66665555 (Anna)", ""}, {"٠٣٠٦٦٦٦٥٥٥٥", ""}, {"sip:03066665555@pbx.example.net", ""},
		} {
			require.Contains(t, spellings, Canonical(written.text, written.country), written)
		}
	}
	for _, extension := range []string{" 20-01 ", "+2001", "sip:2001@pbx.example.net"} {
		spellings, err := Spellings(extension, "DE")
		require.NoError(t, err)
		require.Equal(t, []string{"2001"}, spellings)
	}
}

func TestNonNumberHasNoSpelling(t *testing.T) {
	for text, because := range map[string]error{"anonymous": ErrWithheld, "030 66665555": ErrNoCountry, "client:user_2089123456": ErrUnreadable} {
		_, err := Spellings(text, "")
		require.Equal(t, because, err)
	}
	require.Empty(t, Canonical("client:user_2089123456", "DE"))
	require.Empty(t, Canonical("anonymous", ""))
}

var countries = func() (codes []string) {
	for code := range phonenumbers.GetSupportedRegions() {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	return append(codes, "")
}()

// Every example number of the library parses to itself: in its national and international
// form, and without the plus if no country is set.
func TestExampleNumbersOfAllCountriesParse(t *testing.T) {
	for i, country := range countries[:len(countries)-1] {
		example := Number{phonenumbers.GetExampleNumberForType(country, phonenumbers.FIXED_LINE)}
		elsewhere := countries[(i*7)%len(countries)]
		for text, at := range map[string]string{
			example.E164(): elsewhere, example.International(): elsewhere, "\u2066sip:" + example.E164() + "@10.0.0.1": elsewhere,
			example.National(): country, example.E164()[1:]: "",
		} {
			number, err := Parse(text, at)
			require.NoError(t, err, "%s in %q", text, at)
			require.Equal(t, example.E164(), number.E164(), "%s in %q", text, at)
		}
	}
}

// A number of twelve digits or more with its country code but without the plus is never read
// as another country's.
func TestCountryCodeWithoutPlusIsNotMisread(t *testing.T) {
	for _, country := range countries[:len(countries)-1] {
		example := Number{phonenumbers.GetExampleNumberForType(country, phonenumbers.MOBILE)}
		if len(example.E164()) <= len("+")+maxBare {
			continue
		}
		for _, home := range countries {
			if home == "KP" {
				continue // its international prefix 99 also begins country codes of Central Asia
			}
			number, err := Parse(example.E164()[1:], home)
			require.NoError(t, err)
			require.Equal(t, example.E164(), number.E164(), "%s in %q", example.E164(), home)
		}
	}
}

// The national digits of a number were sent adjacent to each other. The country code was
// sent before them or belongs to the given country.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"+493066665555", "030 66665555", "493023125042.0", "+49 89 123456 (Anna)", "client:user_2089123456", "5215512345678", "+5215512345678", "0 15 21 9 8888 7777",
		"sip:+493023125042@pbx.example.net", "\u2066+493023125042\u2069", `"Anna" <sip:%2B493023125042@host>;tag=1`, "tel:+49;ext=1", "tel:30-23125042;phone-context=+49",
		"＋４９30", "\xff+1", "٠٣٠ ٦٦٦٦٥٥٥٥", "011 15 2345-6789", "+49 30 ext. 12", "810 49 30 23125042", "1-800-FLOWERS", "(202) 555-0123 x12", "4.93023125042e11",
	} {
		f.Add(text, uint8(slices.Index(countries, "DE")))
		f.Add(text, uint8(len(countries)-1))
	}
	f.Fuzz(func(t *testing.T, text string, at uint8) {
		country := countries[int(at)%len(countries)]
		number, err := Parse(text, country)
		if err != nil {
			require.Contains(t, []error{ErrWithheld, ErrInternal, ErrNoCountry, ErrUnreadable}, err)
			return
		}
		require.Regexp(t, `^\+[1-9]\d{1,14}$`, number.E164())
		code, national := number.parsed.GetCountryCode(), phonenumbers.GetNationalSignificantNumber(number.parsed)
		sent := phonenumbers.NormalizeDigitsOnly(text)
		switch {
		case strings.Contains(text, "%"): // digits may be escaped
		case code == 54: // Argentina's national 15 becomes a 9
			require.Contains(t, sent, national[len(national)-6:])
		default:
			require.Contains(t, sent, national)
			if int(code) != phonenumbers.GetCountryCodeForRegion(country) {
				require.Regexp(t, fmt.Sprintf(`%d\d{0,6}%s`, code, national), sent, "a prefix or a carrier's code may be between them")
			}
		}
		require.Equal(t, number.E164(), Canonical(text, country))
		for _, anywhere := range []string{country, "", "DE", "US", "MX"} {
			again, err := Parse(number.E164(), anywhere)
			require.NoError(t, err)
			require.Equal(t, number.E164(), again.E164())
		}
	})
}
