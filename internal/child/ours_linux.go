package child

import "syscall"

// childOfOurs keeps Ctrl-C in the terminal from reaching the child before the parent has
// finished with it, and kills the child if the parent is killed.
func childOfOurs() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
