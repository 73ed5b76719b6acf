/** Configuration files of servers that have no flags for it. */

import type { Ports } from './arm-urls.js'
import type { Certificate } from './credentials.js'

/** The one app of all servers that speak Pusher's protocol. */
export const app = { id: 'bench', key: 'bench-key', secret: 'bench-secret' }

/** Everything else is its default: no limit of events or connections, no webhooks. Its metrics are off, their port is not. */
export const soketiConfig = ({ pusher, publish }: Ports): string => JSON.stringify({
  host: '127.0.0.1',
  port: pusher,
  'metrics.enabled': false,
  'metrics.host': '127.0.0.1',
  'metrics.port': publish,
  'appManager.array.apps': [app],
})

export const mosquittoConfig = (port: number): string => `
listener ${port} 127.0.0.1
allow_anonymous true
persistence false
max_queued_messages 0
set_tcp_nodelay true
log_dest none
`

/** nginx ends TLS before somebody's plain ports: `behind` are those. */
export const nginxTlsConfig = ({ publish, subscribe }: Ports, behind: Ports, { certFile, keyFile }: Certificate, folder: string): string => `
daemon off;
master_process off;
worker_rlimit_nofile 40000;
error_log stderr crit;
pid ${folder}/nginx-tls.pid;
events { worker_connections 24000; }
http {
  access_log off;
  client_body_temp_path ${folder}/nginx-body;
  proxy_temp_path ${folder}/nginx-proxy;
  fastcgi_temp_path ${folder}/nginx-fastcgi;
  uwsgi_temp_path ${folder}/nginx-uwsgi;
  scgi_temp_path ${folder}/nginx-scgi;
  ssl_certificate ${certFile};
  ssl_certificate_key ${keyFile};
  ssl_protocols TLSv1.2 TLSv1.3;
  proxy_http_version 1.1;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection upgrade;
  proxy_read_timeout 1h;
  server { listen 127.0.0.1:${publish} ssl backlog=4096; location / { proxy_pass http://127.0.0.1:${behind.publish}; } }
  server { listen 127.0.0.1:${subscribe} ssl backlog=4096; location / { proxy_pass http://127.0.0.1:${behind.subscribe}; } }
}
`

/** nginx would start a worker per core and become a daemon: here it is one process that the harness ends. */
export const nchanConfig = ({ publish, subscribe }: Ports, module: string, folder: string): string => `
load_module ${module};
daemon off;
master_process off;
worker_rlimit_nofile 40000;
error_log stderr crit;
pid ${folder}/nchan.pid;
events { worker_connections 24000; }
http {
  access_log off;
  client_body_temp_path ${folder}/nchan-body;
  proxy_temp_path ${folder}/nchan-proxy;
  fastcgi_temp_path ${folder}/nchan-fastcgi;
  uwsgi_temp_path ${folder}/nchan-uwsgi;
  scgi_temp_path ${folder}/nchan-scgi;
  nchan_max_reserved_memory 512M;
  nchan_message_buffer_length 4000;
  nchan_message_timeout 20s;
  server {
    listen 127.0.0.1:${publish} backlog=4096;
    location ~ ^/(.+)$ { nchan_publisher websocket; nchan_channel_id $1; }
  }
  server {
    listen 127.0.0.1:${subscribe} backlog=4096;
    location ~ ^/(.+)$ { nchan_subscriber websocket; nchan_channel_id $1; nchan_subscriber_first_message newest; }
  }
}
`
