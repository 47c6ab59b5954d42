package automation

import "slices"

// maxTexts bounds how many texts of one template are written out.
const maxTexts = 1000

// Texts are the values that the file itself contains: those without placeholders, and
// those whose placeholders have a known set of values, such as an outcome. None of them
// says anything about a person that the file does not say.
func (s *Set) Texts() map[string]bool {
	texts := make(map[string]bool)
	for _, a := range s.Automations {
		o := a.Options
		templates := slices.Concat(o.AssignedUsers, o.AssignedTeams, o.Tags, o.RemoveTags, o.SetTags, []Template{o.Name})
		for _, attribute := range o.Custom {
			templates = append(templates, attribute.Template)
		}
		for _, t := range templates {
			for _, text := range t.texts() {
				texts[text] = true
			}
		}
	}
	for _, team := range s.Queues.ids() {
		texts[team] = true
	}
	return texts
}

// texts are all that a template can become, none where they cannot be counted.
func (t Template) texts() []string {
	all := []string{""}
	for _, p := range t {
		parts := []string{p.Literal}
		if p.Name != "" {
			if parts = p.Values(); parts == nil {
				return nil
			}
			parts = append(parts, p.Default)
		}
		if len(all)*len(parts) > maxTexts {
			return nil
		}
		var longer []string
		for _, before := range all {
			for _, part := range parts {
				longer = append(longer, before+part)
			}
		}
		all = longer
	}
	return all
}
