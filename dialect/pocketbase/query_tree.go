package pocketbase

import "dossier/query"

// and joins filters, without what changes nothing and without nesting.
func and(filters ...query.Filter) query.Filter {
	var out query.And
	for _, f := range filters {
		switch f := f.(type) {
		case nil:
		case query.Const:
			if !f {
				return f
			}
		case query.And:
			out = append(out, f...)
		default:
			out = append(out, f)
		}
	}
	switch len(out) {
	case 0:
		return query.Const(true)
	case 1:
		return out[0]
	}
	return out
}

// or joins filters, without what changes nothing and without nesting.
func or(filters ...query.Filter) query.Filter {
	var out query.Or
	for _, f := range filters {
		switch f := f.(type) {
		case query.Const:
			if f {
				return f
			}
		case query.Or:
			out = append(out, f...)
		default:
			out = append(out, f)
		}
	}
	switch len(out) {
	case 0:
		return query.Const(false)
	case 1:
		return out[0]
	}
	return out
}

// not is the opposite of f.
func not(f query.Filter) query.Filter {
	switch f := f.(type) {
	case query.Const:
		return !f
	case query.Not:
		return f.Filter
	case query.Some:
		if n, ok := f.Where.(query.Not); ok {
			return query.Every{Over: f.Over, Where: n.Filter}
		}
	}
	return query.Not{Filter: f}
}

// some is Some, and false of nothing.
func some(over query.Set, where query.Filter) query.Filter {
	if where == query.Filter(query.Const(false)) {
		return where
	}
	return query.Some{Over: over, Where: where}
}
