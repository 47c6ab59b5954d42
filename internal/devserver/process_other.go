//go:build !linux

package devserver

import "syscall"

// childOfOurs keeps Ctrl-C in the terminal from reaching the server before we have finished with it.
func childOfOurs() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
