package main

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// askPassword asks a person at a terminal for a new password, twice, without showing it.
func askPassword(terminal *os.File, ask io.Writer) (string, error) {
	var answers [2]string
	for i, prompt := range []string{"Password: ", "Again: "} {
		fmt.Fprint(ask, prompt)
		b, err := term.ReadPassword(int(terminal.Fd()))
		fmt.Fprintln(ask)
		if err != nil {
			return "", err
		}
		answers[i] = string(b)
	}
	if answers[0] != answers[1] {
		return "", refuse("the two passwords differ")
	}
	return goodPassword(answers[0])
}
