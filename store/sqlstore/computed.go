package sqlstore

import (
	"reflect"
	"strconv"

	"dossier"
	"dossier/query"
)

// computed is an operand that is made of others, in the form in which its value is stored; numbers are always sort keys.
func (c *compiler) computed(at *frame, o query.Operand) (string, error) {
	switch o := o.(type) {
	case query.Choose:
		return c.choose(at, o)
	case query.At:
		return c.at(at, o)
	case query.Texts:
		return c.texts(at, o)
	case query.Numeral:
		of, err := c.text(at, o.Of)
		return c.flavor.Numeral(of), err
	case query.Stamp:
		of, t, err := c.typed(at, o.Of)
		return c.flavor.Stamp(of, t, c.arg(query.MovesText(o.Moves)), c.arg(o.Format)), err
	case query.Distance:
		var keys [4]string
		for i, degrees := range []query.Operand{o.LonA, o.LatA, o.LonB, o.LatB} {
			var err error
			if keys[i], _, err = c.typed(at, degrees); err != nil {
				return "", err
			}
		}
		return c.flavor.Distance(keys[0], keys[1], keys[2], keys[3]), nil
	}
	return "", dossier.Errorf(dossier.Internal, "a %T was not checked", o)
}

// typed is the value of o and its type; of a number the sort key.
func (c *compiler) typed(at *frame, o query.Operand) (string, query.Type, error) {
	t, err := at.scope.TypeOf(o)
	if err != nil {
		return "", t, err
	}
	side := c.value
	if t == query.Decimal {
		side = c.key
	}
	sql, err := side(at, o)
	return sql, t, err
}

func (c *compiler) choose(at *frame, o query.Choose) (string, error) {
	if empty, ok := o.If.(query.Empty); ok && reflect.DeepEqual(empty.Of, o.Else) {
		of, _, err := c.typed(at, o.Else)
		if err != nil {
			return "", err
		}
		other, _, err := c.typed(at, o.Then)
		return "coalesce(" + of + ", " + other + ")", err
	}
	cond, err := c.filter(at, o.If)
	if err != nil {
		return "", err
	}
	then, _, err := c.typed(at, o.Then)
	if err != nil {
		return "", err
	}
	other, _, err := c.typed(at, o.Else)
	return "CASE WHEN " + cond + " THEN " + then + " ELSE " + other + " END", err
}

func (c *compiler) at(at *frame, o query.At) (string, error) {
	r, err := at.scope.Enter(o.Over)
	if err != nil {
		return "", err
	}
	from, cond, inner, err := c.elements(at, r)
	if err != nil {
		return "", err
	}
	of, _, err := c.typed(inner, o.Of)
	if err != nil {
		return "", err
	}
	where, err := c.filter(inner, o.Where)
	sql := "(SELECT " + of + " FROM " + from + " WHERE " + cond + " AND (" + where + ")"
	if inner.order != "" {
		sql += " ORDER BY " + inner.order
	}
	return sql + " LIMIT 1 OFFSET " + strconv.Itoa(o.Index) + ")", err
}

func (c *compiler) texts(at *frame, o query.Texts) (string, error) {
	r, err := at.scope.Enter(o.Over)
	if err != nil {
		return "", err
	}
	from, cond, inner, err := c.elements(at, r)
	if err != nil {
		return "", err
	}
	text, err := c.text(inner, o.Of)
	order := inner.order
	if order == "" {
		order = "NULL"
	}
	// Columns of their own: a database may take an aggregate of what the record around has for the record's.
	rows := "SELECT " + text + " AS text, " + order + " AS place FROM " + from + " WHERE " + cond
	return "(SELECT " + c.flavor.Texts("text", "place") + " FROM (" + rows + ") some)", err
}
