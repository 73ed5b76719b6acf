<?php
// What an app's server in PHP signs for a user whose key is a whole number: sign.php KEY SECRET SOCKET CHANNEL, as pusher-php-server does it.
[, $key, $secret, $socket, $channel] = $argv;
$data = json_encode(['user_id' => 1152921504606846977, 'user_info' => ['id' => 1152921504606846977, 'balance' => 1.10, 'name' => 'Ada']]);
$auth = $key . ':' . hash_hmac('sha256', "$socket:$channel:$data", $secret);
echo json_encode(['auth' => $auth, 'channel_data' => $data]);
