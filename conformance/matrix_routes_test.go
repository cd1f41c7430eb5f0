package conformance

import (
	"errors"
	"fmt"
	"go/ast"
	goparser "go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// frontEnds are the packages that register routes, each with where its table stands and the helpers that hand a whole pattern on.
var frontEnds = []struct{ dir, file string }{
	{"../dialect/kintone", "routes.go"},
	{"../dialect/knack", "routes.go"},
	{"../dialect/pocketbase", "routes.go"},
	{"../admin", "admin.go"},
}

// registrars are the functions that register a pattern, or pass one on.
var registrars = []string{"Handle", "either", "register"}

// declaredRoutes reads the "METHOD /path" of every route from the source of the front ends. A registration that it cannot read is an
// error, so that no route escapes the matrix.
func declaredRoutes(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, f := range frontEnds {
		routes, err := routesOf(filepath.Join(f.dir, f.file))
		if err != nil {
			t.Errorf("%s: %v", f.dir, err)
		}
		all = append(all, routes...)
		if err := onlyIn(f.dir, f.file); err != nil {
			t.Error(err)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// onlyIn fails where a file of a front end other than file registers a route.
func onlyIn(dir, file string) error {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	for _, name := range names {
		if filepath.Base(name) == file || strings.HasSuffix(name, "_test.go") {
			continue
		}
		tree, parseErr := goparser.ParseFile(token.NewFileSet(), name, nil, 0)
		if parseErr != nil {
			return parseErr
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && registers(call) {
				err = errors.Join(err, fmt.Errorf("%s registers a route, where the matrix does not look", name))
			}
			return true
		})
	}
	return err
}

func registers(call *ast.CallExpr) bool {
	switch f := call.Fun.(type) {
	case *ast.SelectorExpr:
		return slices.Contains(registrars, f.Sel.Name) || f.Sel.Name == "HandleFunc"
	case *ast.Ident:
		return slices.Contains(registrars, f.Name)
	}
	return false
}

// A reading follows the statements of Mount: loops over lists of texts, texts put together, calls that register.
type reading struct {
	tables map[string]map[string][]string // of functions that return paths with their methods
	routes []string
	err    error
}

func routesOf(file string) ([]string, error) {
	tree, err := goparser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		return nil, err
	}
	r := &reading{tables: map[string]map[string][]string{}}
	var mount *ast.FuncDecl
	for _, d := range tree.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == "Mount" {
			mount = f
		} else if ok {
			r.table(f)
		}
	}
	if mount == nil {
		return nil, errors.New("no Mount")
	}
	r.block(mount.Body, map[string]string{}, nil)
	if len(r.routes) == 0 {
		r.fail("no route in %s", file)
	}
	return r.routes, r.err
}

func (r *reading) fail(format string, args ...any) {
	r.err = errors.Join(r.err, fmt.Errorf(format, args...))
}

// table remembers a function that returns a map of maps: paths, and what answers each method.
func (r *reading) table(f *ast.FuncDecl) {
	ret, ok := f.Body.List[len(f.Body.List)-1].(*ast.ReturnStmt)
	if !ok || len(ret.Results) != 1 {
		return
	}
	outer, ok := ret.Results[0].(*ast.CompositeLit)
	if !ok {
		return
	}
	paths := map[string][]string{}
	for _, e := range outer.Elts {
		pair, ok := e.(*ast.KeyValueExpr)
		if !ok {
			return
		}
		inner, ok := pair.Value.(*ast.CompositeLit)
		if !ok {
			return
		}
		path := r.text(pair.Key, nil)
		for _, m := range inner.Elts {
			paths[path] = append(paths[path], r.text(m.(*ast.KeyValueExpr).Key, nil))
		}
	}
	r.tables[f.Name.Name] = paths
}

// block follows statements. vars are the texts in scope, methods what the table's path at hand takes.
func (r *reading) block(b *ast.BlockStmt, vars map[string]string, methods []string) {
	for _, s := range b.List {
		switch s := s.(type) {
		case *ast.RangeStmt:
			r.loop(s, vars, methods)
		case *ast.AssignStmt:
			if id, ok := s.Lhs[0].(*ast.Ident); ok && isText(s.Rhs[0], vars) {
				vars[id.Name] = r.text(s.Rhs[0], vars)
			}
		case *ast.ExprStmt:
			if call, ok := s.X.(*ast.CallExpr); ok && registers(call) {
				r.call(call, vars, methods)
			}
		case *ast.IfStmt:
			ast.Inspect(s, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok && registers(call) {
					r.fail("a route is registered under a condition")
				}
				return true
			})
		}
	}
}

func (r *reading) loop(s *ast.RangeStmt, vars map[string]string, methods []string) {
	if call, ok := s.X.(*ast.CallExpr); ok {
		name := call.Fun.(*ast.SelectorExpr).Sel.Name
		table, ok := r.tables[name]
		if !ok {
			r.fail("a loop over %s, which is no table", name)
		}
		for path, methods := range table {
			vars[s.Key.(*ast.Ident).Name] = path
			r.block(s.Body, vars, methods)
		}
		return
	}
	list, ok := s.X.(*ast.CompositeLit)
	if !ok {
		r.fail("a loop over what is no list")
		return
	}
	for _, e := range list.Elts {
		vars[s.Value.(*ast.Ident).Name] = r.text(e, vars)
		r.block(s.Body, vars, methods)
	}
}

// call notes what one call registers: a pattern, or a path with the methods of its table and POST.
func (r *reading) call(call *ast.CallExpr, vars map[string]string, methods []string) {
	for _, arg := range call.Args {
		if !isText(arg, vars) {
			continue
		}
		text := r.text(arg, vars)
		if strings.Contains(text, " ") {
			r.routes = append(r.routes, text)
			if f, ok := call.Fun.(*ast.Ident); ok && f.Name == "either" {
				r.routes = append(r.routes, text+"/{$}")
			}
			return
		}
		for _, m := range append([]string{"POST"}, methods...) {
			r.routes = append(r.routes, m+" "+text)
		}
		if len(methods) == 0 {
			r.fail("%s is registered without methods", text)
		}
		return
	}
	r.fail("a route is registered whose pattern is no text")
}

func isText(e ast.Expr, vars map[string]string) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return e.Kind == token.STRING
	case *ast.BinaryExpr:
		return isText(e.X, vars) && isText(e.Y, vars)
	case *ast.Ident:
		_, ok := vars[e.Name]
		return ok
	}
	return false
}

func (r *reading) text(e ast.Expr, vars map[string]string) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		if err == nil {
			return s
		}
	case *ast.BinaryExpr:
		return r.text(e.X, vars) + r.text(e.Y, vars)
	case *ast.Ident:
		return vars[e.Name]
	}
	r.fail("not a text: %T", e)
	return ""
}

// TestRoutesAreRead holds what is read from the source against a few routes of every front end.
func TestRoutesAreRead(t *testing.T) {
	routes := declaredRoutes(t)
	for _, want := range []string{"GET /k/v1/file.json", "DELETE /k/v1/records.json", "POST /k/v1/app.json", "PUT /k/guest/{space}/v1/record.json",
		"GET /v1/scenes/{scene}/views/{view}/report", "GET /assets/{app}/{asset}/{size}/{name...}", "PUT /api/collections/import", "DELETE /_/session"} {
		if !slices.Contains(routes, want) {
			t.Errorf("%s is not among the %d routes read", want, len(routes))
		}
	}
}
