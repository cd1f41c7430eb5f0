package pocketbase

// call is the value of a function.
func (l *lowerer) call(o operand) (ref, error) {
	return ref{}, invalid("unknown function %s", o.text)
}
