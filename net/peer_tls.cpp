#include "net/peer_tls.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509err.h>
#include <openssl/x509v3.h>

#include <algorithm>

namespace switchyard::net {

namespace {

error refuse(const char* which, const std::string& file, const std::string& why) {
  return client_error(error_code::invalid_request, std::string("cluster.tls.") + which + ": '" + file + "' " + why, std::string("cluster.tls.") + which);
}

std::vector<std::string> names_in(X509* certificate) {
  std::vector<std::string> names;
  if (certificate == nullptr) return names;
  auto* all = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(all); ++i) {
    const auto* one = sk_GENERAL_NAME_value(all, i);
    if (one->type != GEN_DNS) continue;
    const auto* text = ASN1_STRING_get0_data(one->d.dNSName);
    names.emplace_back(reinterpret_cast<const char*>(text), static_cast<std::size_t>(ASN1_STRING_length(one->d.dNSName)));
  }
  GENERAL_NAMES_free(all);
  return names;
}

/// Empty: the CA vouches for it now.
std::string why_not_vouched(SSL_CTX* context, X509* certificate) {
  auto* check = X509_STORE_CTX_new();
  std::string why;
  X509_STORE_CTX_init(check, SSL_CTX_get_cert_store(context), certificate, nullptr);
  if (X509_verify_cert(check) != 1) why = X509_verify_cert_error_string(X509_STORE_CTX_get_error(check));
  X509_STORE_CTX_free(check);
  return why;
}

}  // namespace

result<std::shared_ptr<asio::ssl::context>> make_peer_tls(const peer_tls_files& files, const std::string& node) {
  auto made = std::make_shared<asio::ssl::context>(asio::ssl::context::tlsv13);
  auto* context = made->native_handle();
  system_error failure;
  made->load_verify_file(files.ca, failure);
  if (failure) return refuse("ca", files.ca, "cannot be used: " + failure.message());
  made->use_certificate_chain_file(files.cert, failure);
  if (failure) return refuse("cert", files.cert, "cannot be used: " + failure.message());
  made->use_private_key_file(files.key, asio::ssl::context::pem, failure);
  if (failure && ERR_GET_REASON(static_cast<unsigned long>(failure.value())) == X509_R_KEY_VALUES_MISMATCH)
    return refuse("key", files.key, "is not the key of cluster.tls.cert");
  if (failure) return refuse("key", files.key, "cannot be used: " + failure.message());
  auto* const own = SSL_CTX_get0_certificate(context);
  if (const auto why = why_not_vouched(context, own); !why.empty()) return refuse("cert", files.cert, "is not vouched for by cluster.tls.ca: " + why);
  const auto names = names_in(own);
  if (std::find(names.begin(), names.end(), node) == names.end()) {
    std::string all;
    for (const auto& name : names) all += (all.empty() ? "'" : ", '") + name + "'";
    return refuse("cert", files.cert, "is for " + (all.empty() ? "no DNS name" : all) + ", not for this node, '" + node + "'");
  }
  made->set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  // Links last: there is nothing to resume, and no ticket to steal.
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  return made;
}

std::vector<std::string> peer_names(SSL* connection) {
  auto* certificate = SSL_get1_peer_certificate(connection);
  auto names = names_in(certificate);
  X509_free(certificate);
  return names;
}

}  // namespace switchyard::net
