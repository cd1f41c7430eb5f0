package conformance

import (
	"fmt"
	"strings"
)

// lint finds in a transcript what would only fail when it is played: broken holes and JSON, and names used before any
// step captured them.
func lint(t *Transcript) error {
	known := map[string]bool{"base": true, "host": true}
	for _, v := range t.Vars {
		known[v.Name] = true
	}
	for _, s := range t.Steps {
		if err := lintRequest(s, known); err != nil {
			return fmt.Errorf("%s:%d: %w", s.Path, s.Line, err)
		}
		if err := lintWant(s, known); err != nil {
			return fmt.Errorf("%s:%d: %w", s.Path, s.Line, err)
		}
	}
	return nil
}

func lintRequest(s *Step, known map[string]bool) error {
	texts := []string{s.Request.Target, s.Request.Body}
	for _, p := range append(append([]Pair(nil), s.Request.Query...), s.Request.Header...) {
		texts = append(texts, p.Name, p.Value)
	}
	for _, text := range texts {
		pieces, err := split(text)
		if err != nil {
			return err
		}
		for _, p := range pieces {
			if p.hole != nil && !known[p.hole.name] {
				return fmt.Errorf("%s is sent, but no earlier step captured it", p.hole.source)
			}
		}
	}
	return nil
}

func lintWant(s *Step, known map[string]bool) error {
	texts := []string{s.Want.Body}
	for _, h := range s.Want.Header {
		texts = append(texts, h.Value)
	}
	if looksJSON(s.Want.Body) {
		if _, err := decodeJSON([]byte(s.Want.Body)); err != nil {
			return fmt.Errorf("expected body: %w", err)
		}
	}
	if rule, ok := strings.CutPrefix(s.Want.Body, "= "); ok {
		if _, err := parseBodyRule(rule); err != nil {
			return err
		}
	}
	for _, text := range texts {
		pieces, err := split(text)
		if err != nil {
			return err
		}
		for _, p := range pieces {
			if p.hole != nil && p.hole.name != "" {
				known[p.hole.name] = true
			}
		}
	}
	return nil
}
