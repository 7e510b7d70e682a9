<?php
// A small shop in PHP that reads Paypage's responses by itself: php -S 127.0.0.1:8000 shop.php
// `php shop.php` makes the order A-1 of 12.50, unpaid.
declare(strict_types=1);

const ORDER = 'A-1', REFERENCE = 'A1', CENTS = 1250, EURO = '978';

function file_of_orders(): string
{
    return getenv('SHOP_FOLDER') . '/orders.json';
}

/** Change the orders while no other process does; what the function returns. */
function with_orders(callable $change): mixed
{
    $file = fopen(file_of_orders(), 'c+');
    flock($file, LOCK_EX);
    $orders = json_decode(stream_get_contents($file) ?: '{}', true);
    $result = $change($orders);
    ftruncate($file, 0);
    rewind($file);
    fwrite($file, json_encode($orders));
    fclose($file);
    return $result;
}

function seal(string $data): string
{
    return hash_hmac('sha256', $data, trim(file_get_contents(getenv('SIPS_KEY_FILE'))));
}

function text(string $name): string
{
    return is_string($_POST[$name] ?? null) ? $_POST[$name] : '';
}

function pay(string $reference): string
{
    $order = with_orders(fn (array &$orders): array => $orders[$reference]);
    $shop = 'http://' . $_SERVER['HTTP_HOST'];
    $pairs = [
        'merchantId' => getenv('SIPS_MERCHANT'),
        'keyVersion' => '1',
        'amount' => $order['cents'],
        'currencyCode' => EURO,
        'orderId' => $reference,
        'transactionReference' => $order['number'],
        'paymentMeanBrandList' => 'CB',
        'normalReturnUrl' => "$shop/thanks",
        'automaticResponseUrl' => "$shop/notify",
    ];
    $data = implode('|', array_map(fn ($key, $value) => "$key=$value", array_keys($pairs), $pairs));
    $post = ['Data' => $data, 'InterfaceVersion' => 'HP_3.4', 'SealAlgorithm' => 'HMAC-SHA-256', 'Seal' => seal($data)];
    $fields = '';
    foreach ($post as $name => $value) {
        $fields .= "<input type=\"hidden\" name=\"$name\" value=\"" . htmlspecialchars($value) . '">';
    }
    return '<form method="post" action="' . getenv('SIPS_URL') . "\">$fields<button>Pay</button></form>";
}

/** Receive the automatic response: the status and the words of the answer. */
function notify(): array
{
    $data = text('Data');
    if (!hash_equals(seal($data), text('Seal'))) return [400, 'wrong seal']; // check: seal
    $response = [];
    foreach (explode('|', $data) as $pair) {
        if (str_contains($pair, '=')) {
            [$key, $value] = explode('=', $pair, 2);
            $response[$key] = $value;
        }
    }
    return with_orders(function (array &$orders) use ($response): array {
        foreach ($orders as $reference => &$order) {
            if ($order['number'] !== ($response['transactionReference'] ?? '')) continue;
            if (($response['responseCode'] ?? '') !== '00') return [200, 'nothing is paid'];
            if ($response['orderId'] !== (string) $reference) return [400, 'another order']; // check: order
            if ([$response['amount'], $response['currencyCode']] !== [(string) $order['cents'], EURO]) return [400, 'another amount']; // check: amount
            if ($order['paid'] > 0) return [200, 'paid already']; // check: once
            $order['paid'] += 1;
            return [200, 'delivered'];
        }
        return [200, 'nothing is paid'];
    });
}

if (PHP_SAPI === 'cli') {
    with_orders(function (array &$orders): void {
        $orders[ORDER] = ['number' => REFERENCE, 'cents' => CENTS, 'paid' => 0];
    });
    exit;
}
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if (preg_match('#^/pay/([\w-]+)$#', $path, $found)) {
    echo pay($found[1]);
} elseif ($path === '/notify' && $_SERVER['REQUEST_METHOD'] === 'POST') {
    [$status, $words] = notify();
    http_response_code($status);
    echo $words;
} elseif (preg_match('#^/order/([\w-]+)$#', $path, $found)) {
    echo json_encode(['paid' => with_orders(fn (array &$orders): int => $orders[$found[1]]['paid'])]);
} elseif ($path === '/thanks') {
    echo 'Thank you';
} else {
    http_response_code(404);
}
