package child

import "syscall"

// childOfOurs keeps Ctrl-C in the terminal from reaching the child before we
// have finished with it, and takes it down with us should we be killed.
func childOfOurs() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
