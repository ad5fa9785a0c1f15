// Starts as services do, then works in bursts for ten seconds. Says what GOMAXPROCS is, and how often it changed.
package main

import (
	"fmt"
	"runtime"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

func work(rounds int) int {
	sum := 0
	for r := 0; r < rounds; r++ {
		words := map[string]int{}
		for i := 0; i < 20000; i++ {
			words[strconv.FormatInt(int64(i*31%5003), 36)]++
		}
		keys := make([]string, 0, len(words))
		for k := range words {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		sum += len(keys[len(keys)/2]) + words[keys[0]]
	}
	return sum
}

func main() {
	procs := runtime.GOMAXPROCS(0)
	fmt.Println("version", runtime.Version())
	fmt.Println("gomaxprocs", procs)
	var changes atomic.Int64
	go func() {
		for last := procs; ; time.Sleep(50 * time.Millisecond) {
			if now := runtime.GOMAXPROCS(0); now != last {
				changes.Add(1)
				last = now
			}
		}
	}()
	var all sync.WaitGroup
	for i := 0; i < 2; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			work(400)
		}()
	}
	all.Wait()
	fmt.Println("ready", time.Now().UnixMilli())
	for i := 0; i < 20; i++ {
		work(40)
		time.Sleep(400 * time.Millisecond)
	}
	fmt.Println("changes", changes.Load())
	fmt.Println("done")
}
