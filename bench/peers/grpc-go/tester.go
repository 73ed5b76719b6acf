// The tester: many Subscribe streams and every Publish stream on one connection; each message on a new Publish stream that is
// never half-closed, and the next one when the last has come on all streams. Prints what bench/load prints.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sort"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

const (
	topic   = "bench"
	patient = 30 * time.Second
	pause   = 2 * time.Millisecond
)

type round struct {
	author      int32
	data        string
	subscribers int32
	received    int32
	wrong       int32
	first, last int64 // nanoseconds since start
	start       time.Time
	all         chan struct{}
}

func (r *round) receive(m *message) {
	now := int64(time.Since(r.start))
	if m.Author != r.author || m.Data != r.data {
		atomic.AddInt32(&r.wrong, 1)
	}
	count := atomic.AddInt32(&r.received, 1)
	if count == 1 {
		atomic.StoreInt64(&r.first, now)
	}
	if count == r.subscribers {
		atomic.StoreInt64(&r.last, now)
		close(r.all)
	}
}

type tester struct {
	connection *grpc.ClientConn
	ctx        context.Context
	current    atomic.Value // *round
	ended      int32
}

func (t *tester) subscribe(number int) error {
	stream, err := t.connection.NewStream(t.ctx, &subscribeStream, subscribeMethod)
	if err != nil {
		return err
	}
	if err := stream.SendMsg(&subscribeRequest{fmt.Sprintf("s%d", number)}); err != nil {
		return err
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	if _, err := stream.Header(); err != nil { // the subscription is in force
		return err
	}
	go func() {
		for {
			m := new(message)
			if stream.RecvMsg(m) != nil {
				atomic.AddInt32(&t.ended, 1)
				return
			}
			t.current.Load().(*round).receive(m)
		}
	}()
	return nil
}

func (t *tester) play(author int32, data string, subscribers int32) (*round, error) {
	r := &round{author: author, data: data, subscribers: subscribers, all: make(chan struct{})}
	m := &message{author, data}
	r.start = time.Now()
	t.current.Store(r)
	stream, err := t.connection.NewStream(t.ctx, &publishStream, publishMethod)
	if err == nil {
		err = stream.SendMsg(m)
	}
	if err != nil {
		return nil, err
	}
	select {
	case <-r.all:
		return r, nil
	case <-time.After(patient):
		return nil, fmt.Errorf("only %d of %d streams received message %d", atomic.LoadInt32(&r.received), subscribers, author)
	}
}

func cpu() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func distribution(values []float64) map[string]float64 {
	sort.Float64s(values)
	sum := 0.0
	for _, value := range values {
		sum += value
	}
	at := func(share float64) float64 {
		index := int(share * float64(len(values)))
		if index == len(values) {
			index--
		}
		return values[index]
	}
	return map[string]float64{
		"mean": sum / float64(len(values)), "min": values[0], "p50": at(0.5), "p90": at(0.9), "p99": at(0.99), "p999": at(0.999), "max": at(1),
	}
}

func test(arguments []string) error {
	flags := flag.NewFlagSet("tester", flag.ExitOnError)
	address := flags.String("address", "127.0.0.1:50051", "where the server listens")
	subscribers := flags.Int("subscribers", 1000, "Subscribe streams")
	rounds := flags.Int("rounds", 100, "measured messages")
	warmup := flags.Int("warmup", 20, "messages before them")
	bytes := flags.Int("data-bytes", 12, "bytes of a message's data")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	connection, err := grpc.Dial(*address, grpc.WithInsecure(), grpc.WithBlock())
	if err != nil {
		return err
	}
	defer connection.Close()
	ctx := metadata.AppendToOutgoingContext(context.Background(), "topic", topic)
	t := &tester{connection: connection, ctx: ctx}
	for i := 0; i < *subscribers; i++ {
		if err := t.subscribe(i); err != nil {
			return err
		}
	}
	data := strings.Repeat("Test message", *bytes/12+1)[:*bytes]
	var totals, spreads []float64
	var busy, wall time.Duration
	wrong := int32(0)
	for i := 0; i < *warmup+*rounds; i++ {
		cpuBefore, before := cpu(), time.Now()
		r, err := t.play(int32(i+1), data, int32(*subscribers))
		if err != nil {
			return err
		}
		wrong += atomic.LoadInt32(&r.wrong)
		if i >= *warmup {
			busy += cpu() - cpuBefore
			wall += time.Since(before)
			totals = append(totals, float64(r.last)/1000)
			spreads = append(spreads, float64(r.last-r.first)/1000)
		}
		time.Sleep(pause)
	}
	ended := atomic.LoadInt32(&t.ended)
	deliveries := *rounds * *subscribers
	return json.NewEncoder(os.Stdout).Encode(map[string]interface{}{
		"scenario":            "grpc-go-tester",
		"ok":                  wrong == 0 && ended == 0,
		"parameters":          map[string]int{"subscribers": *subscribers, "rounds": *rounds, "warmup": *warmup, "dataBytes": *bytes},
		"faults":              map[string]int32{"corrupted": wrong, "closed": ended},
		"deliveries":          deliveries,
		"totalUs":             distribution(totals),
		"spreadUs":            distribution(spreads),
		"deliveriesPerSecond": float64(deliveries) / wall.Seconds(),
		"clientBusyPercent":   100 * busy.Seconds() / wall.Seconds(),
	})
}
