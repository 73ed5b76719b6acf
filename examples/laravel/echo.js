// resources/js/echo.js of a Laravel application: the browser's side, with laravel-echo and pusher-js.

import Echo from 'laravel-echo'
import Pusher from 'pusher-js'

window.Pusher = Pusher

const { VITE_PUSHER_APP_KEY, VITE_PUSHER_APP_CLUSTER, VITE_PUSHER_HOST, VITE_PUSHER_PORT, VITE_PUSHER_SCHEME } = import.meta.env

window.Echo = new Echo({
  broadcaster: 'pusher',
  key: VITE_PUSHER_APP_KEY,
  cluster: VITE_PUSHER_APP_CLUSTER,
  wsHost: VITE_PUSHER_HOST,
  wsPort: Number(VITE_PUSHER_PORT),
  wssPort: Number(VITE_PUSHER_PORT),
  forceTLS: VITE_PUSHER_SCHEME === 'https',
  enabledTransports: ['ws', 'wss'],
})
