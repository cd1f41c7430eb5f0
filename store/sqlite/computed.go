package sqlite

import (
	"database/sql/driver"

	"modernc.org/sqlite"

	"dossier"
	"dossier/query"
)

// texts leaves the escaping to dossier_quote, so that it is the tree's own.
func texts(text, order string) string {
	return "'[' || group_concat(dossier_quote(" + text + "), ',' ORDER BY " + order + ") || ']'"
}

// numeral is the sort key of the number that a text is.
func numeral(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	if s, ok := args[0].(string); ok {
		return keyOf(query.NumeralOf(s))
	}
	return nil, nil
}

// distance is that of four sort keys, as one.
func distance(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	var degrees [4]dossier.Value
	for i, v := range args {
		key, ok := v.(string)
		if !ok {
			return nil, nil
		}
		n, err := dossier.NumberFromKey(key)
		if err != nil {
			return nil, nil
		}
		degrees[i] = n
	}
	return keyOf(query.DistanceOf(degrees))
}

func keyOf(v dossier.Value) (driver.Value, error) {
	if n, ok := v.(dossier.Number); ok {
		return n.SortKey(), nil
	}
	return nil, nil
}

// stamp is query.StampOf a stored value of the type that is the second argument.
func stamp(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	typ, _ := args[1].(string)
	text, _ := args[2].(string)
	format, _ := args[3].(string)
	moves, ok := query.ParseMoves(text)
	v := stored(args[0], query.Type(typ))
	if !ok || v == nil {
		return nil, nil
	}
	if s, ok := query.StampOf(v, moves, format).(dossier.Text); ok {
		return string(s), nil
	}
	return nil, nil
}

// stored is the value of type t that v is, nil where it is none.
func stored(v driver.Value, t query.Type) dossier.Value {
	switch v := v.(type) {
	case int64:
		if t == query.Instant {
			return dossier.Instant(v)
		}
		return dossier.Bool(v != 0)
	case string:
		if t != query.Decimal {
			return dossier.Text(v)
		}
		if n, err := dossier.NumberFromKey(v); err == nil {
			return n
		}
	}
	return nil
}
