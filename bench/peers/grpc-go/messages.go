// The messages and services of native/codec/grpc/proto, as protoc's generator for Go lays them out.
package main

import (
	"fmt"

	"google.golang.org/grpc"
)

type message struct {
	Author int32  `protobuf:"varint,1,opt,name=author,proto3"`
	Data   string `protobuf:"bytes,2,opt,name=data,proto3"`
}

type publishRequest struct {
	Author int32  `protobuf:"varint,1,opt,name=author,proto3"`
	Data   string `protobuf:"bytes,2,opt,name=data,proto3"`
	Topic  string `protobuf:"bytes,3,opt,name=topic,proto3"`
}

type publishResponse struct {
	Status string `protobuf:"bytes,1,opt,name=status,proto3"`
}

type subscribeRequest struct {
	Subscriber string `protobuf:"bytes,1,opt,name=subscriber,proto3"`
}

type lastRequest struct {
	Topic string `protobuf:"bytes,1,opt,name=topic,proto3"`
}

func (m *message) Reset()          { *m = message{} }
func (m *publishRequest) Reset()   { *m = publishRequest{} }
func (m *publishResponse) Reset()  { *m = publishResponse{} }
func (m *subscribeRequest) Reset() { *m = subscribeRequest{} }
func (m *lastRequest) Reset()      { *m = lastRequest{} }
func (m *message) String() string  { return fmt.Sprintf("%d %q", m.Author, m.Data) }
func (m *publishRequest) String() string {
	return fmt.Sprintf("%d %q %q", m.Author, m.Data, m.Topic)
}
func (m *publishResponse) String() string  { return m.Status }
func (m *subscribeRequest) String() string { return m.Subscriber }
func (m *lastRequest) String() string      { return m.Topic }
func (*message) ProtoMessage()             {}
func (*publishRequest) ProtoMessage()      {}
func (*publishResponse) ProtoMessage()     {}
func (*subscribeRequest) ProtoMessage()    {}
func (*lastRequest) ProtoMessage()         {}

const (
	publishMethod   = "/MessageService/Publish"
	subscribeMethod = "/MessageService/Subscribe"
)

var (
	publishStream   = grpc.StreamDesc{StreamName: "Publish", ClientStreams: true}
	subscribeStream = grpc.StreamDesc{StreamName: "Subscribe", ServerStreams: true}
)
