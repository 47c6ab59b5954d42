package load

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
)

// custom reads the custom attributes and checks each against the type of its suffix.
func (l *loader) custom(n *yaml.Node, event call.Kind) (attributes []automation.Attribute) {
	l.pairs(n, `"custom"`, func(key, value *yaml.Node) {
		attributes = append(attributes, l.attribute(key, value, event))
	})
	if len(attributes) > automation.MaxCustom {
		l.complain(n, `"custom" has %d attributes, but Kustomer takes %d at most`, len(attributes), automation.MaxCustom)
	}
	return attributes
}

func (l *loader) attribute(key, value *yaml.Node, event call.Kind) automation.Attribute {
	a := automation.Attribute{Name: key.Value}
	if !automation.IsAttribute(a.Name) {
		l.complain(key, "%q is not a valid attribute name: use letters and digits", a.Name)
		return a
	}
	before := len(l.problems)
	a.Template = l.template(value, a.Name, event, automation.MaxText)
	if len(l.problems) > before {
		return a // a further problem of its type would only repeat the first
	}
	if wrong := wrongAttribute(a); wrong != "" {
		l.complain(value, "%s: %s", a.Name, wrong)
	}
	return a
}

// cannotBe are, by suffix, the kinds of placeholders whose values never have the suffix's type.
var cannotBe = map[string][]automation.Kind{
	"Num": {automation.Text, automation.Instant, automation.Flag, automation.Phone, automation.Outcome},
	"At":  {automation.Text, automation.Number, automation.Seconds, automation.Flag, automation.Phone, automation.Outcome},
	"Bool": {automation.Text, automation.Number, automation.Seconds, automation.Instant, automation.Phone,
		automation.Outcome},
	"Url": {automation.Number, automation.Seconds, automation.Instant, automation.Flag, automation.Phone, automation.Outcome},
}

var typeNames = map[string]string{"Num": "a Num attribute", "At": "an At attribute", "Bool": "a Bool attribute", "Url": "a Url attribute"}

// wrongAttribute returns what is wrong with an attribute for every call, or "".
func wrongAttribute(a automation.Attribute) string {
	if literal, ok := a.Template.Literal(); ok {
		return wrongLiteral(a, "", literal)
	}
	if only, ok := a.Template.Only(); ok {
		return cmp.Or(wrongPlaceholder(a, only), wrongLiteral(a, "the default ", only.Default))
	}
	return wrongMixture(a)
}

func wrongLiteral(a automation.Attribute, what, literal string) string {
	if literal == "" {
		return "" // an empty value is not sent
	}
	if _, err := a.Convert(literal); err != nil {
		return fmt.Sprintf("%s%q is not %v", what, literal, err)
	}
	return ""
}

// wrongPlaceholder checks a value that is a single placeholder.
func wrongPlaceholder(a automation.Attribute, only automation.Part) string {
	suffix, kind := a.Suffix(), automation.KindOf(only.Name)
	switch {
	case only.Format == "" && slices.Contains(cannotBe[suffix], kind):
		return fmt.Sprintf("{%s} is %s, which %s cannot hold", only.Name, kind, typeNames[suffix])
	case only.Format == "", suffix == "Num" && only.Format == "unix": // seconds since 1970 are a number
		return ""
	case cannotBe[suffix] != nil:
		return fmt.Sprintf("a format makes {%s} text, which %s cannot hold", only.Name, typeNames[suffix])
	}
	return ""
}

// wrongMixture checks a text with placeholders.
func wrongMixture(a automation.Attribute) string {
	switch suffix, first := a.Suffix(), a.Template[0]; suffix {
	case "Num", "At", "Bool":
		return fmt.Sprintf("text around a placeholder makes it text, which %s cannot hold", typeNames[suffix])
	case "Url":
		if first.Name == "" && !strings.HasPrefix(first.Literal, "http://") && !strings.HasPrefix(first.Literal, "https://") {
			return "an absolute URL begins with http:// or https://"
		}
	}
	return ""
}
