// Asio as net/ uses it: concrete executor types, no type-erased executors. Included by net/*.cpp only.
#pragma once

#include "net/io_thread.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/system/error_code.hpp>

namespace switchyard::net {

namespace asio = boost::asio;
using system_error = boost::system::error_code;
using executor = asio::io_context::executor_type;
using tcp_socket = asio::basic_stream_socket<asio::ip::tcp, executor>;
using tcp_acceptor = asio::basic_socket_acceptor<asio::ip::tcp, executor>;
using tls_socket = asio::ssl::stream<tcp_socket>;

/// The event loop of an I/O thread.
[[nodiscard]] asio::io_context& context_of(io_thread& thread) noexcept;
/// Where its plain sockets wait.
[[nodiscard]] class readiness& readiness_of(io_thread& thread) noexcept;

}  // namespace switchyard::net
