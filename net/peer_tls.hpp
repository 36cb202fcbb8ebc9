// TLS between nodes: 1.3 only, both sides show a certificate of one private CA, and its DNS name is the node's name. Included by net/*.cpp only.
#pragma once

#include "base/result.hpp"
#include "net/asio.hpp"

#include <memory>
#include <string>
#include <vector>

namespace switchyard::net {

struct peer_tls_files {
  std::string ca, cert, key;                     ///< PEM paths
};

/// For either side of a connection. An error names the file and what is wrong with it: unreadable, key and certificate of different pairs, not
/// signed by this CA, expired, or not for `node`.
[[nodiscard]] result<std::shared_ptr<asio::ssl::context>> make_peer_tls(const peer_tls_files& files, const std::string& node);

/// DNS names in the certificate that the other end showed; empty: it showed none.
[[nodiscard]] std::vector<std::string> peer_names(SSL* connection);

}  // namespace switchyard::net
