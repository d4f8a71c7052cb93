# Varnish's built-in rules and one backend, as in Debian's /etc/varnish/default.vcl.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "{server}";
}
