package sqlstore

import (
	"encoding/json"

	"dossier"
)

// A definition is a collection as it is kept: JSON of the root's own structs, but for Field.Default, which needs to say what kind of
// Value it is. Fields added to the structs later are absent from older texts and read as their zero value.
type definition struct {
	plainCollection
	Fields []fieldDefinition
}

type fieldDefinition struct {
	plainField
	Default *valueDefinition  `json:",omitempty"`
	Fields  []fieldDefinition `json:",omitempty"`
}

type (
	plainCollection dossier.Collection
	plainField      dossier.Field
)

// A valueDefinition is a Value with its kind: one member is set.
type valueDefinition struct {
	Text    *dossier.Text                `json:",omitempty"`
	Number  *dossier.Number              `json:",omitempty"`
	Bool    *dossier.Bool                `json:",omitempty"`
	Date    *dossier.Date                `json:",omitempty"`
	Clock   *dossier.Clock               `json:",omitempty"`
	Instant *dossier.Instant             `json:",omitempty"`
	List    dossier.List                 `json:",omitempty"`
	JSON    *dossier.JSON                `json:",omitempty"`
	Rows    []map[string]valueDefinition `json:",omitempty"`
}

func encodeCollection(c *dossier.Collection) (string, error) {
	d := definition{plainCollection: plainCollection(*c)}
	d.plainCollection.Fields = nil
	var err error
	if d.Fields, err = defineFields(c.Fields); err != nil {
		return "", err
	}
	b, err := json.Marshal(d)
	return string(b), err
}

func decodeCollection(s string) (*dossier.Collection, error) {
	var d definition
	if err := json.Unmarshal([]byte(s), &d); err != nil {
		return nil, dossier.Errorf(dossier.Internal, "definition of a collection: %w", err)
	}
	c := dossier.Collection(d.plainCollection)
	c.Fields = fieldsOf(d.Fields)
	return &c, nil
}

func defineFields(fields []*dossier.Field) ([]fieldDefinition, error) {
	var out []fieldDefinition
	for _, f := range fields {
		d := fieldDefinition{plainField: plainField(*f)}
		d.plainField.Default, d.plainField.Fields = nil, nil
		var err error
		if d.Default, err = defineValue(f.Default); err != nil {
			return nil, wrong(f, err.Error())
		}
		if d.Fields, err = defineFields(f.Fields); err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

func fieldsOf(defs []fieldDefinition) []*dossier.Field {
	var out []*dossier.Field
	for _, d := range defs {
		f := dossier.Field(d.plainField)
		f.Default, f.Fields = d.Default.value(), fieldsOf(d.Fields)
		out = append(out, &f)
	}
	return out
}

func defineValue(v dossier.Value) (*valueDefinition, error) {
	if dossier.IsEmpty(v) {
		return nil, nil
	}
	d := &valueDefinition{}
	switch v := v.(type) {
	case dossier.Text:
		d.Text = &v
	case dossier.Number:
		d.Number = &v
	case dossier.Bool:
		d.Bool = &v
	case dossier.Date:
		d.Date = &v
	case dossier.Clock:
		d.Clock = &v
	case dossier.Instant:
		d.Instant = &v
	case dossier.List:
		d.List = v
	case dossier.JSON:
		d.JSON = &v
	case dossier.Rows:
		return d, d.addRows(v)
	default:
		return nil, dossier.Errorf(dossier.Invalid, "a %T is no default", v)
	}
	return d, nil
}

func (d *valueDefinition) addRows(rows dossier.Rows) error {
	for _, row := range rows {
		cells := map[string]valueDefinition{}
		for name, v := range row.Values {
			cell, err := defineValue(v)
			if err != nil {
				return err
			}
			if cell != nil {
				cells[name] = *cell
			}
		}
		d.Rows = append(d.Rows, cells)
	}
	return nil
}

func (d *valueDefinition) value() dossier.Value {
	switch {
	case d == nil:
		return nil
	case d.Text != nil:
		return *d.Text
	case d.Number != nil:
		return *d.Number
	case d.Bool != nil:
		return *d.Bool
	case d.Date != nil:
		return *d.Date
	case d.Clock != nil:
		return *d.Clock
	case d.Instant != nil:
		return *d.Instant
	case d.List != nil:
		return d.List
	case d.JSON != nil:
		return *d.JSON
	case d.Rows != nil:
		return d.rows()
	}
	return nil
}

func (d *valueDefinition) rows() dossier.Value {
	var rows dossier.Rows
	for _, cells := range d.Rows {
		row := dossier.Row{Values: map[string]dossier.Value{}}
		for name, cell := range cells {
			row.Values[name] = cell.value()
		}
		rows = append(rows, row)
	}
	return rows
}
