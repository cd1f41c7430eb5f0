// Package bench measures the whole server over HTTP: `go test -bench . ./bench`. Figures depend on the disk under the temporary
// directory; set TMPDIR to measure another one.
// Here: benchmarks through a real listener. Not here: benchmarks of one package (they stand beside its tests), assertions on time.
package bench
