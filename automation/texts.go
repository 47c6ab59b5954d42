package automation

import "slices"

// maxTexts limits how many texts of one template are enumerated.
const maxTexts = 1000

// Texts returns the texts that the file itself determines: those without placeholders, and those
// whose placeholders have a fixed set of values, such as an outcome. None of them contains
// personal data that the file does not contain.
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

// texts returns all texts that a template can produce, or nil if the set is not fixed or too large.
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
