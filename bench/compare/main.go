// Command compare measures dossier and the original product in bench/peer side by side, on the same machine in the same
// minutes, and prints a Markdown table: `go run ./bench/compare`, in the root of the repository.
//
// Both run as processes of their own on loopback, each with a fresh directory under TMPDIR, and take turns: peer, ours,
// peer, ours, with a sync and a pause between. What counts is the median of the ratios of neighbouring runs; the figures
// themselves move with the machine. Not here: assertions on time, and benchmarks of dossier alone (see bench).
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"time"
)

// options are what the command line says.
type options struct {
	pairs   int
	run     time.Duration
	pause   time.Duration
	limit   time.Duration
	records int
	only    *regexp.Regexp
	large   bool
}

func main() {
	o, err := parseFlags(os.Args[1:], os.Stderr)
	if err != nil {
		os.Exit(2) // the flag set has said why
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := compare(ctx, o, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

func parseFlags(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("compare", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.IntVar(&o.pairs, "pairs", 3, "pairs of runs of each workload")
	f.DurationVar(&o.run, "time", 1500*time.Millisecond, "length of one run")
	f.DurationVar(&o.pause, "pause", 300*time.Millisecond, "pause after the sync between runs")
	f.DurationVar(&o.limit, "limit", 6*time.Minute, "start no run after this time")
	f.IntVar(&o.records, "records", 100_000, "records in the collection that is listed")
	f.BoolVar(&o.large, "large", false, "upload files of 1 GiB too; needs 8 GiB of disk and another minute")
	short := f.Bool("short", false, "a quick look: runs of 500 ms over 10,000 records")
	only := f.String("only", "", "a regular `expression` of the workloads to run")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if *short {
		o.run, o.records = 500*time.Millisecond, 10_000
	}
	var err error
	if o.only, err = regexp.Compile(*only); err != nil {
		fmt.Fprintln(stderr, "-only:", err)
	}
	return o, err
}

// compare starts both sides, runs the workloads and prints what they took.
func compare(ctx context.Context, o options, out, log io.Writer) error {
	began := time.Now()
	dir, err := os.MkdirTemp("", "dossier-compare-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Fprintln(log, "building both")
	if err := build(ctx, dir); err != nil {
		return err
	}
	load := load()
	p, err := startPeer(ctx, dir)
	if err != nil {
		return err
	}
	defer p.stop()
	if err := p.makeSpace(ctx); err != nil {
		return err
	}
	d, err := startOurs(ctx, dir)
	if err != nil {
		return err
	}
	defer d.stop()
	peer, ours := &side{process: p}, &side{process: d}
	for _, s := range []*side{peer, ours} {
		fmt.Fprintf(log, "filling %s\n", s.name)
		if err := s.fill(ctx, o); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	r := &report{o: o, began: began, dir: dir, load: load}
	for _, w := range workloads(o) {
		if !o.only.MatchString(w.name) {
			continue
		}
		if time.Since(began) > o.limit {
			r.left = append(r.left, w.name)
			continue
		}
		fmt.Fprintln(log, w.name)
		if err := r.measure(ctx, w, peer, ours); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
	}
	return r.print(out, peer, ours)
}
