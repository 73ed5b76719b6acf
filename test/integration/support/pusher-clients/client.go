// A client of the Pusher protocol as Go programs have them: `data` is a string, and a message that has anything else there ends it. Only the
// standard library, so that nothing need be downloaded. client HOST:PORT TARGET CHANNEL: subscribes, pings, and prints each event and its data.
package main

import (
	"bufio"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
)

type event struct {
	Event   string `json:"event"`
	Channel string `json:"channel"`
	Data    string `json:"data"`
}

func check(err error) {
	if err != nil {
		fmt.Println("failed", err)
		os.Exit(1)
	}
}

// dial upgrades a connection (RFC 6455 §4.1).
func dial(address, target string) (net.Conn, *bufio.Reader) {
	connection, err := net.Dial("tcp", address)
	check(err)
	key := make([]byte, 16)
	_, err = rand.Read(key)
	check(err)
	fmt.Fprintf(connection, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n\r\n", target, address, base64.StdEncoding.EncodeToString(key))
	reader := bufio.NewReader(connection)
	status, err := reader.ReadString('\n')
	check(err)
	if !strings.HasPrefix(status, "HTTP/1.1 101 ") {
		check(fmt.Errorf("no upgrade: %q", status))
	}
	for line := status; line != "\r\n"; {
		line, err = reader.ReadString('\n')
		check(err)
	}
	return connection, reader
}

// send writes one text frame of at most 125 bytes, masked with zeros (RFC 6455 §5.2).
func send(connection net.Conn, message interface{}) {
	text, err := json.Marshal(message)
	check(err)
	if len(text) > 125 {
		check(fmt.Errorf("a message must be at most 125 bytes, got: %d", len(text)))
	}
	frame := []byte{0x81, 0x80 | byte(len(text)), 0, 0, 0, 0}
	_, err = connection.Write(append(frame, text...))
	check(err)
}

// receive reads one frame; the broker sends no fragments.
func receive(reader *bufio.Reader) (opcode byte, payload []byte) {
	head := make([]byte, 2)
	_, err := io.ReadFull(reader, head)
	check(err)
	length := uint64(head[1])
	if length == 126 {
		var short uint16
		check(binary.Read(reader, binary.BigEndian, &short))
		length = uint64(short)
	} else if length == 127 {
		check(binary.Read(reader, binary.BigEndian, &length))
	}
	payload = make([]byte, length)
	_, err = io.ReadFull(reader, payload)
	check(err)
	return head[0] & 0x0f, payload
}

func main() {
	connection, reader := dial(os.Args[1], os.Args[2])
	send(connection, map[string]interface{}{"event": "pusher:subscribe", "data": map[string]string{"channel": os.Args[3]}})
	send(connection, map[string]interface{}{"event": "pusher:subscribe", "data": map[string]string{"channel": "private-not-mine"}})
	send(connection, map[string]string{"event": "pusher:ping", "data": ""})
	for {
		opcode, payload := receive(reader)
		if opcode == 8 {
			fmt.Println("closed", binary.BigEndian.Uint16(payload))
			return
		}
		var message event
		check(json.Unmarshal(payload, &message))
		if message.Event == "pusher:ping" {
			send(connection, map[string]string{"event": "pusher:pong", "data": "{}"})
		}
		fmt.Println(message.Event, message.Data)
	}
}
