//go:build !linux

package child

import "syscall"

// childOfOurs keeps Ctrl-C in the terminal from reaching the child before the parent has finished
// with it.
func childOfOurs() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
