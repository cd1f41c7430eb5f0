package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A report collects what was measured.
type report struct {
	o     options
	began time.Time
	dir   string
	load  string // of the machine, before
	rows  []row
	left  []string // workloads that the limit left out
}

// A row is one workload: the figures of each pair.
type row struct {
	name       string
	peer, ours []float64
}

// warmUp is the first run of a time-bound workload on each side, which does not count.
const warmUp = 300 * time.Millisecond

// measure runs a workload in turns: peer, ours, peer, ours.
func (r *report) measure(ctx context.Context, w workload, peer, ours *side) error {
	if w.times == 0 {
		for _, s := range []*side{peer, ours} {
			if _, err := w.run(ctx, s, warmUp); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
		}
	}
	line := row{name: w.name}
	peer.made, ours.made = 0, 0
	for range r.o.pairs {
		for _, s := range []*side{peer, ours} {
			if err := r.calm(ctx); err != nil {
				return err
			}
			rate, err := w.run(ctx, s, r.o.run)
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			if s == peer {
				line.peer = append(line.peer, rate)
			} else {
				line.ours = append(line.ours, rate)
			}
		}
	}
	r.rows = append(r.rows, line)
	return nil
}

// calm writes out what is not on the disk yet and waits a little, so that no run pays for the one before.
func (r *report) calm(ctx context.Context) error {
	syscall.Sync()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(r.o.pause):
		return nil
	}
}

// ratios are ours to peer of each pair.
func (w row) ratios() []float64 {
	out := make([]float64, len(w.ours))
	for i := range out {
		out[i] = w.ours[i] / w.peer[i]
	}
	return out
}

func median(list []float64) float64 {
	s := slices.Sorted(slices.Values(list))
	if len(s) == 0 {
		return math.NaN()
	}
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

// print writes the table and how it came about, as Markdown.
func (r *report) print(out io.Writer, peer, ours *side) error {
	var b strings.Builder
	fmt.Fprintf(&b, "| workload | PocketBase /s | dossier /s | ratio, median | of %d pairs |\n|---|---:|---:|---:|---|\n", r.o.pairs)
	for _, w := range r.rows {
		all := w.ratios()
		fmt.Fprintf(&b, "| %s | %s | %s | **%.2f** | %.2f–%.2f |\n", w.name, figure(median(w.peer)), figure(median(w.ours)),
			median(all), slices.Min(all), slices.Max(all))
	}
	theirs, err := peer.peak()
	if err != nil {
		return err
	}
	own, err := ours.peak()
	if err != nil {
		return err
	}
	fmt.Fprintf(&b, "| peak resident memory, MiB (less is better) | %d | %d | **%.2f** | after all of this |\n\n", theirs>>20, own>>20, float64(own)/float64(theirs))
	r.notes(&b)
	_, err = io.WriteString(out, b.String())
	return err
}

// figure shows three digits.
func figure(v float64) string {
	if v >= 100 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

// notes say how the figures came about.
func (r *report) notes(b *strings.Builder) {
	if len(r.left) > 0 {
		fmt.Fprintf(b, "Left out, because %v were over: %s.\n\n", r.o.limit, strings.Join(r.left, "; "))
	}
	fmt.Fprintf(b, "%s. %d processors (%s), %s, %s, %s. Load before: %s.\n\n", r.began.UTC().Format("2006-01-02"), runtime.NumCPU(), processor(),
		release(), fileSystem(r.dir), runtime.Version(), r.load)
	fmt.Fprintf(b, "Both are processes of their own on loopback, built without cgo, with their defaults; the client shares the processors with them. "+
		"They take turns, runs of %v with a sync and %v between; the ratio is the median over the pairs of neighbours. "+
		"Lists are of %d records, `filter=n>=R&sort=-n`, R another one each time, `n` indexed on both sides. Nobody signs in: the rules let everybody do everything.\n\n",
		r.o.run, r.o.pause, r.o.records)
	fmt.Fprintln(b, "What an answer promises is not the same. dossier: records and files are on the disk, through fsync, before the answer. "+
		"PocketBase v0.39.11: SQLite with `synchronous=NORMAL` and no fsync of files, so a power cut may take what was acknowledged last.")
}
