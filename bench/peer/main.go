// Command peer runs the original product as it comes, so that transcripts and benchmarks can be held against it.
// Nothing of its own belongs here: no hook, no setting.
package main

import (
	"log"

	"github.com/pocketbase/pocketbase"
)

func main() {
	app := pocketbase.New()
	if err := app.Start(); err != nil {
		log.Fatal(err)
	}
}
