package core

type flights struct{}
type failures struct{}
