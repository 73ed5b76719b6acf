// The gRPC contract in Go, as services of it are written: a server, and a tester that is the reference tester's shape.
// Owner: bench/go-program.ts. Thread: its own process.
//
//	grpc-go server PORT
//	grpc-go tester --address HOST:PORT [--subscribers N] [--rounds N] [--warmup N] [--data-bytes N]
package main

import (
	"fmt"
	"os"
)

func main() {
	commands := map[string]func([]string) error{"server": serve, "tester": test}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: grpc-go server PORT | tester --address HOST:PORT [--rounds N]")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "grpc-go:", err)
		os.Exit(1)
	}
}
