package query

import (
	"math"
	"strconv"
	"strings"

	"dossier"
)

// Choose is Then where If holds, and Else where it does not. Both have values of one type, or texts, or one of them is the empty literal.
type Choose struct {
	If         Filter
	Then, Else Operand
}

// OrElse is of, or other where of is empty.
func OrElse(of, other Operand) Operand { return Choose{If: Empty{Of: of}, Then: other, Else: of} }

// At is the value that Of has in one element of Over: of those that make Where true the one at Index, counted from 0. It is empty if
// there are no more than Index. Options, related records, files and rows lie in the order of their field, referring records and All in
// that of their numbers. Inside Where and Of a Column means the element's.
type At struct {
	Over  Set
	Where Filter
	Index int
	Of    Operand
}

// Texts is the List of the texts that Of has in the elements of Over, in their order as At has it, without those that are empty; empty if
// none is left.
type Texts struct {
	Over Set
	Of   Operand
}

// Numeral is the number that the operand's text is a decimal number of; empty if it is none.
type Numeral struct{ Of Operand }

// Distance is how far two points on the globe are from each other, in kilometres along a great circle, of a globe with the radius
// EarthRadius. The points are given by numbers, in degrees; it is empty if one of them is.
type Distance struct{ LonA, LatA, LonB, LatB Operand }

// EarthRadius is the radius of the globe in kilometres.
const EarthRadius = 6371

func (Choose) operand()   {}
func (At) operand()       {}
func (Texts) operand()    {}
func (Numeral) operand()  {}
func (Distance) operand() {}

// maxIndex bounds At.
const maxIndex = 1_000_000

func (s *Scope) chooseType(o Choose) (Type, error) {
	then, err := s.TypeOf(o.Then)
	if err != nil {
		return None, err
	}
	other, err := s.TypeOf(o.Else)
	switch {
	case err != nil:
		return None, err
	case !then.scalar() || !other.scalar():
		return None, invalid("a choice is between single values")
	case then == other, other == None:
		return then, nil
	case then == None:
		return other, nil
	case then.Textual() && other.Textual():
		return Text, nil
	}
	return None, invalid("a choice is %s or %s: it has no type", then, other)
}

func (s *Scope) atType(o At) (Type, error) {
	t, err := s.insideType(o.Over, o.Of)
	if err == nil && (o.Index < 0 || o.Index > maxIndex) {
		err = invalid("an index is from 0 to %d", maxIndex)
	}
	return t, err
}

// insideType is the type that o has in an element of over.
func (s *Scope) insideType(over Set, o Operand) (Type, error) {
	r, err := s.Enter(over)
	if err != nil {
		return None, err
	}
	t, err := r.Inner.TypeOf(o)
	if err == nil && !t.scalar() {
		err = invalid("%s is no single value", operandText(o))
	}
	return t, err
}

func (s *Scope) numeralType(o Numeral) (Type, error) {
	t, err := s.TypeOf(o.Of)
	if err == nil {
		err = hasText(o.Of, t, Exact)
	}
	return Decimal, err
}

func (s *Scope) distanceType(o Distance) (Type, error) {
	for _, degrees := range []Operand{o.LonA, o.LatA, o.LonB, o.LatB} {
		t, err := s.TypeOf(degrees)
		if err != nil {
			return None, err
		}
		if t != Decimal && t != None {
			return None, invalid("%s is no number of degrees", operandText(degrees))
		}
	}
	return Decimal, nil
}

// computed checks the parts of o, an operand of this file or a Stamp.
func (k *checker) computed(s *Scope, o Operand, depth int) (Operand, error) {
	var err error
	part := func(s *Scope, of *Operand) {
		if err == nil {
			*of, _, err = k.operand(s, *of, depth+1)
		}
	}
	switch o := o.(type) {
	case Choose:
		if o.If, err = k.filter(s, o.If, depth+1); err == nil {
			part(s, &o.Then)
			part(s, &o.Else)
		}
		return o, err
	case At:
		err = k.inside(s, o.Over, func(inner *Scope) error {
			if o.Where, err = k.filter(inner, o.Where, depth+1); err == nil {
				part(inner, &o.Of)
			}
			return err
		})
		return o, err
	case Texts:
		err = k.inside(s, o.Over, func(inner *Scope) error { part(inner, &o.Of); return err })
		return o, err
	case Numeral:
		part(s, &o.Of)
		return o, err
	case Stamp:
		part(s, &o.Of)
		return o, err
	case Distance:
		for _, degrees := range []*Operand{&o.LonA, &o.LatA, &o.LonB, &o.LatB} {
			part(s, degrees)
		}
		return o, err
	}
	return o, nil
}

// computed is the value of o, an operand of this file or a Stamp.
func (e evaluator) computed(at *frame, o Operand) (dossier.Value, error) {
	switch o := o.(type) {
	case Choose:
		return e.choose(at, o)
	case At:
		return e.at(at, o)
	case Texts:
		return e.texts(at, o)
	case Numeral:
		v, err := e.operand(at, o.Of)
		if err != nil || dossier.IsEmpty(v) {
			return nil, err
		}
		return NumeralOf(TextOf(v)), nil
	case Stamp:
		v, err := e.operand(at, o.Of)
		if err != nil || dossier.IsEmpty(v) {
			return nil, err
		}
		return StampOf(v, o.Moves, o.Format), nil
	case Distance:
		return e.distance(at, o)
	}
	return nil, invalid("an operand is missing")
}

func (e evaluator) choose(at *frame, o Choose) (dossier.Value, error) {
	t, err := at.scope.chooseType(o)
	if err != nil {
		return nil, err
	}
	yes, err := e.filter(at, o.If)
	if err != nil {
		return nil, err
	}
	pick := o.Else
	if yes {
		pick = o.Then
	}
	v, err := e.operand(at, pick)
	if t == Text && !dossier.IsEmpty(v) {
		v = dossier.Text(TextOf(v))
	}
	return v, err
}

func (e evaluator) at(at *frame, o At) (dossier.Value, error) {
	elements, err := e.elements(at, o.Over)
	if err != nil {
		return nil, err
	}
	index := o.Index
	for _, el := range elements {
		ok, err := e.filter(el, o.Where)
		if err != nil {
			return nil, err
		}
		if ok {
			if index--; index < 0 {
				return e.operand(el, o.Of)
			}
		}
	}
	return nil, nil
}

func (e evaluator) texts(at *frame, o Texts) (dossier.Value, error) {
	elements, err := e.elements(at, o.Over)
	if err != nil {
		return nil, err
	}
	var out dossier.List
	for _, el := range elements {
		v, err := e.operand(el, o.Of)
		if err != nil {
			return nil, err
		}
		if !dossier.IsEmpty(v) {
			out = append(out, TextOf(v))
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

func (e evaluator) distance(at *frame, o Distance) (dossier.Value, error) {
	var degrees [4]dossier.Value
	for i, of := range []Operand{o.LonA, o.LatA, o.LonB, o.LatB} {
		v, err := e.operand(at, of)
		if err != nil {
			return nil, err
		}
		degrees[i] = v
	}
	return DistanceOf(degrees), nil
}

// NumeralOf is the number that text is, as Numeral has it.
func NumeralOf(text string) dossier.Value {
	if n, err := dossier.ParseNumber(text); err == nil && strings.Trim(text, " ") != "" {
		return n
	}
	return nil
}

// DistanceOf is the distance of the points with these longitudes and latitudes, in the order of Distance.
func DistanceOf(degrees [4]dossier.Value) dossier.Value {
	var rad [4]float64
	for i, v := range degrees {
		n, ok := v.(dossier.Number)
		if !ok {
			return nil
		}
		f, err := strconv.ParseFloat(string(n), 64)
		if err != nil {
			return nil
		}
		rad[i] = f * math.Pi / 180
	}
	cos := math.Sin(rad[1])*math.Sin(rad[3]) + math.Cos(rad[1])*math.Cos(rad[3])*math.Cos(rad[2]-rad[0])
	km := EarthRadius * math.Acos(max(-1, min(1, cos))) // rounding may lead past what a cosine can be
	n, err := dossier.ParseNumber(strconv.FormatFloat(km, 'f', -1, 64))
	if err != nil {
		return nil
	}
	return n
}
