package main

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ticks is the number of clock ticks per second in Linux's CPU times, on every machine that Go
// supports.
const ticks = 100

// counted is the kernel's data about a process.
type counted struct {
	parent int
	cpu    time.Duration // of the process and its children that have ended
	memory int64         // resident, in bytes
}

// processes reads /proc. On systems without it, such as macOS, the result is empty, and the figures
// of CPU and memory are 0.
func processes() map[int]counted {
	all := make(map[int]counted)
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		text, err := os.ReadFile(file)
		_, rest, isStat := strings.Cut(string(text), ") ") // the name before it may contain spaces
		if err != nil || !isStat {
			continue // the process has ended
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		fields := strings.Fields(rest) // from the third field of proc(5)
		field := func(number int) int {
			n, _ := strconv.Atoi(fields[number-3])
			return n
		}
		all[pid] = counted{
			parent: field(4),
			cpu:    time.Duration(field(14)+field(15)+field(16)+field(17)) * time.Second / ticks,
			memory: int64(field(24)) * int64(os.Getpagesize()),
		}
	}
	return all
}

// cpu returns the CPU time of processes and all their descendants.
func cpu(pids ...int) (sum time.Duration) {
	all := processes()
	for pid := range all {
		for ancestor := pid; ancestor > 1; ancestor = all[ancestor].parent {
			if slices.Contains(pids, ancestor) {
				sum += all[pid].cpu
				break
			}
		}
	}
	return sum
}

// busy returns the CPU time of the whole machine since it was started.
func busy() (sum time.Duration) {
	text, _ := os.ReadFile("/proc/stat") // does not exist on macOS
	line, _, _ := strings.Cut(string(text), "\n")
	for i, field := range strings.Fields(line) {
		if n, err := strconv.Atoi(field); err == nil && slices.Contains([]int{user, nice, system, irq, softirq}, i) {
			sum += time.Duration(n) * time.Second / ticks
		}
	}
	return sum
}

// Fields of the first line of /proc/stat (proc(5)).
const (
	user, nice, system = 1, 2, 3
	irq, softirq       = 6, 7
)

// memory returns the memory of processes without their descendants.
func memory(pids ...int) (sum int64) {
	all := processes()
	for _, pid := range pids {
		sum += all[pid].memory
	}
	return sum
}
