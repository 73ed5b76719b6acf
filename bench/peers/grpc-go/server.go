// The server: every topic has a set of subscribers, each with a queue and the goroutine of its stream.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// How many messages may wait for one subscriber; then the publisher does.
const queueMax = 1024

type subscriber struct {
	queue chan *message
	done  <-chan struct{}
}

type hub struct {
	mutex  sync.RWMutex
	topics map[string]map[*subscriber]struct{}
	last   sync.Map
}

func topicOf(ctx context.Context, named string) string {
	if named != "" {
		return named
	}
	if fields, ok := metadata.FromIncomingContext(ctx); ok && len(fields.Get("topic")) > 0 {
		return fields.Get("topic")[0]
	}
	return "default"
}

func (h *hub) publish(topic string, m *message) {
	h.last.Store(topic, m)
	h.mutex.RLock()
	defer h.mutex.RUnlock()
	for s := range h.topics[topic] {
		select {
		case s.queue <- m:
		case <-s.done:
		}
	}
}

func (h *hub) enter(topic string, s *subscriber) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.topics[topic] == nil {
		h.topics[topic] = make(map[*subscriber]struct{})
	}
	h.topics[topic][s] = struct{}{}
}

func (h *hub) leave(topic string, s *subscriber) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	delete(h.topics[topic], s)
}

func (h *hub) handlePublish(_ interface{}, stream grpc.ServerStream) error {
	topic := topicOf(stream.Context(), "")
	for {
		m := new(message)
		if err := stream.RecvMsg(m); err == io.EOF {
			return stream.SendMsg(&publishResponse{Status: "ok"})
		} else if err != nil {
			return err
		}
		h.publish(topic, m)
	}
}

func (h *hub) handleSubscribe(_ interface{}, stream grpc.ServerStream) error {
	request := new(subscribeRequest)
	if err := stream.RecvMsg(request); err != nil {
		return err
	}
	topic := topicOf(stream.Context(), "")
	s := &subscriber{make(chan *message, queueMax), stream.Context().Done()}
	h.enter(topic, s)
	defer h.leave(topic, s)
	if err := stream.SendHeader(metadata.MD{}); err != nil {
		return err
	}
	for {
		select {
		case m := <-s.queue:
			if err := stream.SendMsg(m); err != nil {
				return err
			}
		case <-s.done:
			return stream.Context().Err()
		}
	}
}

func (h *hub) handlePublishOne(_ interface{}, ctx context.Context, decode func(interface{}) error, _ grpc.UnaryServerInterceptor) (interface{}, error) {
	request := new(publishRequest)
	if err := decode(request); err != nil {
		return nil, err
	}
	h.publish(topicOf(ctx, request.Topic), &message{request.Author, request.Data})
	return &publishResponse{Status: "ok"}, nil
}

func (h *hub) handleLast(_ interface{}, ctx context.Context, decode func(interface{}) error, _ grpc.UnaryServerInterceptor) (interface{}, error) {
	request := new(lastRequest)
	if err := decode(request); err != nil {
		return nil, err
	}
	if m, ok := h.last.Load(topicOf(ctx, request.Topic)); ok {
		return m.(*message), nil
	}
	return nil, status.Error(codes.NotFound, "nothing is retained")
}

func serve(arguments []string) error {
	if len(arguments) != 1 {
		return fmt.Errorf("server needs a port, got: %v", arguments)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+arguments[0])
	if err != nil {
		return err
	}
	h := &hub{topics: make(map[string]map[*subscriber]struct{})}
	server := grpc.NewServer()
	streams := []grpc.StreamDesc{
		{StreamName: publishStream.StreamName, Handler: h.handlePublish, ClientStreams: true},
		{StreamName: subscribeStream.StreamName, Handler: h.handleSubscribe, ServerStreams: true},
	}
	server.RegisterService(&grpc.ServiceDesc{ServiceName: "MessageService", HandlerType: (*interface{})(nil), Streams: streams}, h)
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "broker.v1.MessageService",
		HandlerType: (*interface{})(nil),
		Methods: []grpc.MethodDesc{
			{MethodName: "PublishOne", Handler: h.handlePublishOne},
			{MethodName: "Last", Handler: h.handleLast},
		},
	}, h)
	return server.Serve(listener)
}
