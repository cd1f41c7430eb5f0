package sqlstore

import (
	"context"
	"database/sql/driver"

	"dossier"
	"dossier/query"
)

// A Flavor is what variants of SQL disagree on. Functions take and return SQL text; an expression they are given appears once in
// what they return, so that parameters keep their order.
type Flavor struct {
	// Placeholder is the n-th parameter of a statement, from 1.
	Placeholder func(n int) string
	// Serial defines an integer primary key that the database counts up and never reuses. Text and Integer are column types;
	// texts compare by their bytes.
	Serial, Text, Integer string
	// Keyed is added to the definition of a table whose rows are best kept in the order of its key.
	Keyed string
	// LastSerial is a query for the last key that the database gave in a table, used or not; no row, 0 or NULL if it gave none. SetSerial are the
	// statements that make it count on from there.
	LastSerial func(table, key string) string
	SetSerial  func(table, key string, last int64) []string
	// Begin and BeginRead start a transaction that writes, and one that sees a snapshot.
	Begin, BeginRead string
	// Returning: an INSERT tells its key by RETURNING. Otherwise driver.Result.LastInsertId does.
	Returning bool
	// IndexTail is added to an index's columns so that equal values lie in the order of numbers.
	IndexTail string
	// Elements is the FROM item of a JSON array's elements; its column value is an element. Ordinal is where it stands in the array.
	Elements func(array string) string
	Ordinal  func(alias string) string
	// Texts makes a JSON array of the texts of all rows in that order, without NULL ones; NULL of none.
	Texts func(text, order string) string
	// Count is the number of elements of a JSON array, 0 of NULL.
	Count func(array string) string
	// Cell is the member key of a JSON object: a text, or an integer.
	Cell func(object, key string, integer bool) string
	// JSONValue is query.JSONValue of a document and a path, which is a JSON array of texts, in the form in which a value of type as is
	// stored. JSONLength is query.JSONLength, 0 of NULL.
	JSONValue  func(doc, path string, as query.Type) string
	JSONLength func(doc string) string
	// Like matches a text with a pattern that will be the parameter: it returns the condition and what to bind.
	Like func(text, parameter, pattern string, c query.Case) (sql, bound string)
	// Contains is the condition that a text has another in it; "" is in every text.
	Contains func(text, part string) string
	// Lower folds a text, as query.FoldText does.
	Lower func(text string, c query.Case) string
	// NumberText is the shortest text of a number given by its sort key, NumberKey the sort key of an integer, InstantText the
	// text of milliseconds, as query.TextOf has it.
	NumberText, NumberKey, InstantText func(expr string) string
	// Numeral is the sort key of the number that a text is, NULL if it is none. Distance is that of four sort keys, in the order of
	// query.Distance, as one. Stamp is query.StampOf a value of type t as it is stored, with moves and format as parameters.
	Numeral  func(text string) string
	Distance func(lonA, latA, lonB, latB string) string
	Stamp    func(expr string, t query.Type, moves, format string) string
	// NumberValue is the number of a sort key as the database has numbers. ViewCell is a value of a view's query as a value of type t is
	// stored, NULL where it is none.
	NumberValue func(key string) string
	ViewCell    func(expr string, t query.Type) string
	// Try makes tables in an empty database of its own and asks it for a query's columns: their names, and the types of the tables'
	// columns that they are, as these were declared, or "". Its error is the database's sentence.
	Try func(ctx context.Context, tables []string, query string) (names, types []string, err error)
	// SetLongest bounds the texts and rows that a connection makes, MaxLength by default: what is longer is dossier.TooLarge. nil: they are
	// bounded by themselves.
	SetLongest func(conn driver.Conn, bytes int) error
	MaxLength  int
	// Order sorts by an expression, NULL before every value, or after if desc.
	Order func(expr string, desc bool) string
	// NoIndex is a column that the database uses no index of.
	NoIndex func(column string) string
	// Random orders by chance.
	Random string
	// NoLimit is a LIMIT that limits nothing.
	NoLimit string
	// Stale returns a row if the planner's statistics should be renewed, which Analyze does; "" where the database does it itself.
	Stale, Analyze string
	// Classify gives a driver's error its Kind: Exists for a unique violation, Full, Busy, Stale for a table or column that is
	// gone, Internal for what it does not know.
	Classify func(error) dossier.Kind
}
