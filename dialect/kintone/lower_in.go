package kintone

import (
	"dossier"
	"dossier/query"
)

// options lowers "in" of selects, truth values and multiple relations: any of the values is chosen.
func (s subject) options(values []operand) (query.Filter, error) {
	if s.field.Type == dossier.TypeRelation {
		return s.relatedNumbers(values)
	}
	var list []dossier.Value
	empty := false
	for _, v := range values {
		switch {
		case v.text == "":
			empty = true
		case s.field.Type == dossier.TypeBool:
			list = append(list, dossier.Bool(v.text == boolYes))
		default:
			list = append(list, dossier.Text(v.text))
		}
	}
	if !s.field.Multiple() {
		return s.among(s.of, list, empty), nil
	}
	return s.someOf(s.among(query.Element{}, list, false), len(list) > 0, empty), nil
}

// someOf is true where an element makes where true, or where there is none if empty says so.
func (s subject) someOf(where query.Filter, any, empty bool) query.Filter {
	some := query.Some{Over: s.of, Where: where}
	switch {
	case !empty:
		return some
	case !any:
		return query.Empty{Of: s.of}
	}
	return query.Or{some, query.Empty{Of: s.of}}
}

func (s subject) relatedNumbers(values []operand) (query.Filter, error) {
	var list []dossier.Value
	empty := false
	for _, v := range values {
		n, err := dossier.ParseNumber(v.text)
		switch {
		case v.text == "":
			empty = true
		case v.function || err != nil:
			return nil, s.unfit(v)
		default:
			list = append(list, n)
		}
	}
	return s.someOf(s.among(query.Meta(query.Number), list, false), len(list) > 0, empty), nil
}

// users lowers "in" of users by their logins, whatever the case of the letters.
func (l *lowering) users(s subject, values []operand) (query.Filter, error) {
	var logins []dossier.Value
	empty := false
	for _, v := range values {
		login := v.text
		switch {
		case v.function && v.text != "LOGINUSER":
			return nil, s.unfit(v)
		case v.function && len(v.args) > 0:
			return nil, fail(codeQueryArgs, v.text+"()")
		case v.function && l.env.login == "" && s.field != nil:
			continue // a token is no user
		case v.function:
			login = l.env.login
		}
		if login == "" || s.field == nil && login == nobody.Code {
			empty = true
			continue
		}
		if !v.function && l.env.loginOf != nil {
			known, err := l.env.loginOf(login)
			if err != nil {
				return nil, err
			}
			if login = known; login == "" {
				continue
			}
		}
		logins = append(logins, dossier.Text(query.FoldText(login, query.Fold)))
	}
	if s.field == nil {
		return s.among(query.Lower{Of: s.of, Case: query.Fold}, logins, empty), nil
	}
	email := query.Lower{Of: query.Meta(query.Email), Case: query.Fold}
	return s.someOf(s.among(email, logins, false), len(logins) > 0, empty), nil
}
