package main
type genCmd struct{}
func (genCmd) Run(e *env) error { return nil }
