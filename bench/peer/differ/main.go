// Command differ holds dossier against the original: it makes the same collections and records in both through their API, plays random
// filters and orders to both, and prints each that the two answer differently. Differences that are meant to be, which
// docs/dialects/pocketbase.md lists with their reasons, are not asked for (grammar.go says where).
// Not here: what an answer should be. The original decides.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"strings"
)

func main() {
	o := options{}
	flag.StringVar(&o.peer, "against", "", "`URL` of the original")
	flag.StringVar(&o.ours, "dossier", "", "`URL` of dossier")
	flag.StringVar(&o.email, "email", "root@example.com", "email of a superuser of both")
	flag.StringVar(&o.password, "password", "", "password of that superuser")
	flag.Uint64Var(&o.seed, "seed", 1, "seed of the records and the questions")
	flag.IntVar(&o.count, "n", 2000, "how many questions to ask")
	flag.StringVar(&o.only, "filter", "", "ask this `filter` only, and show both answers")
	flag.StringVar(&o.sort, "sort", "", "the order of that question")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	different, err := run(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "differ:", err)
		os.Exit(2)
	}
	if different > 0 {
		os.Exit(1)
	}
}

type options struct {
	peer, ours, email, password string
	seed                        uint64
	count                       int
	only, sort                  string
}

// run makes the space in both and asks; it returns how many questions were answered differently.
func run(ctx context.Context, o options) (int, error) {
	both := [2]*client{{base: o.peer}, {base: o.ours}}
	for _, c := range both {
		if err := c.signIn(ctx, o.email, o.password); err != nil {
			return 0, err
		}
		if err := fill(ctx, c, rand.New(rand.NewPCG(o.seed, 0))); err != nil {
			return 0, err
		}
	}
	if o.only != "" || o.sort != "" {
		return compare(ctx, both, question{collection: items, filter: o.only, sort: o.sort}, true)
	}
	g := &grammar{rand.New(rand.NewPCG(o.seed, 1))}
	different, refused := 0, 0
	for range o.count {
		n, err := compare(ctx, both, g.question(), false)
		if err != nil {
			return different, err
		}
		different += n
		refused += both[0].refused
	}
	fmt.Printf("%d questions, %d of them refused by the original, %d answered differently\n", o.count, refused, different)
	return different, nil
}

// A question is a list request. Without a sort the order of the answer is nobody's promise.
type question struct{ collection, filter, sort string }

// compare asks both and prints their answers if they differ, or if loud. It returns 1 if they do.
func compare(ctx context.Context, both [2]*client, q question, loud bool) (int, error) {
	var answers [2]string
	for i, c := range both {
		ids, status, err := c.list(ctx, q)
		if err != nil {
			return 0, err
		}
		c.refused = 0
		if answers[i] = strings.Join(ids, " "); status != 200 {
			answers[i] = fmt.Sprint(status)
			c.refused = 1
		}
	}
	same := answers[0] == answers[1]
	if !same || loud {
		fmt.Printf("%s  filter: %s  sort: %s\n  original: %s\n  dossier:  %s\n", q.collection, q.filter, q.sort, answers[0], answers[1])
	}
	if same {
		return 0, nil
	}
	return 1, nil
}
