package wire

import "net/http"

// A Pair is one name=value of a query or form.
type Pair struct{ Name, Value string }

// Pairs are a query's or form's pairs in the order sent, repeats kept.
type Pairs []Pair

// Get returns the first value of name, and whether there is one.
func (ps Pairs) Get(name string) (string, bool) { return "", false }

// All returns every value of name in order.
func (ps Pairs) All(name string) []string { return nil }

// ParseQueryLenient splits raw on "&" only, each pair on its first "=", and decodes "+" and %XX. A stray "%" and ";" are
// literal; empty pairs are dropped; invalid UTF-8 becomes U+FFFD. It loses no pair: a filter that is dropped for a bad
// escape would select everything.
func ParseQueryLenient(raw string) Pairs { return nil }

// ReadForm reads an application/x-www-form-urlencoded body of at most limit bytes, decoded as ParseQueryLenient does.
// The errors are those of ReadJSON; invalid UTF-8 is dossier.Invalid, more than 10,000 pairs dossier.TooLarge.
func ReadForm(r *http.Request, limit int64) (Pairs, error) { return nil, nil }

// MediaType returns the request's media type in lower case without parameters, "" if it names none.
func MediaType(r *http.Request) string { return "" }
