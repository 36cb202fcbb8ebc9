// `cluster cert`: a private CA and a certificate per node, as net/peer_tls wants them. `cluster forget`.
#include "tools/switchyardctl/commands.hpp"

#include "config/rules.hpp"

#include <boost/json.hpp>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <unistd.h>

namespace switchyard::ctl {

namespace {

constexpr long valid_from = -3600;                         // clocks of nodes may be behind
constexpr long ca_valid_for = 10L * 365 * 86400;           // seconds
constexpr long node_valid_for = 2L * 365 * 86400;
constexpr const char* ca_name = "Switchyard cluster CA";

template <auto Free>
struct freed {
  template <class T>
  void operator()(T* what) const noexcept {
    Free(what);
  }
};
using key_pointer = std::unique_ptr<EVP_PKEY, freed<EVP_PKEY_free>>;
using certificate_pointer = std::unique_ptr<X509, freed<X509_free>>;
struct file_closer {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using file_pointer = std::unique_ptr<std::FILE, file_closer>;

bool extend(X509* made, X509* issuer, int what, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, made, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, what, value);
  const bool added = extension != nullptr && X509_add_ext(made, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

/// Signed by `ca` or, without one, by itself: then it is a CA's. Null: OpenSSL failed.
certificate_pointer sign(const std::string& name, EVP_PKEY* key, X509* ca, EVP_PKEY* ca_key) {
  certificate_pointer made(X509_new());
  X509_set_version(made.get(), 2);
  unsigned char serial[16];
  if (RAND_bytes(serial, sizeof serial) != 1) return nullptr;
  serial[0] &= 0x7f;                                       // above 0
  BIGNUM* number = BN_bin2bn(serial, sizeof serial, nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(made.get()));
  BN_free(number);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), valid_from);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), ca != nullptr ? node_valid_for : ca_valid_for);
  X509_set_pubkey(made.get(), key);
  const auto common = name.substr(0, 64);                  // the longest that X.509 allows; the DNS name holds all of it
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(common.data()),
                             static_cast<int>(common.size()), -1, 0);
  X509* const issuer = ca != nullptr ? ca : made.get();
  X509_set_issuer_name(made.get(), X509_get_subject_name(issuer));
  bool well = extend(made.get(), issuer, NID_subject_key_identifier, "hash");
  if (ca == nullptr) {
    well = well && extend(made.get(), issuer, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
           extend(made.get(), issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
  } else {
    well = well && extend(made.get(), issuer, NID_authority_key_identifier, "keyid") && extend(made.get(), issuer, NID_basic_constraints, "critical,CA:FALSE") &&
           extend(made.get(), issuer, NID_key_usage, "critical,digitalSignature") && extend(made.get(), issuer, NID_ext_key_usage, "serverAuth,clientAuth") &&
           extend(made.get(), issuer, NID_subject_alt_name, ("DNS:" + name).c_str());
  }
  if (!well || X509_sign(made.get(), ca_key, EVP_sha256()) == 0) return nullptr;
  return made;
}

/// The file must not exist; a key is for its owner only.
file_pointer create(const std::string& path, mode_t mode) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (descriptor < 0) complain(path + ": " + std::string(std::strerror(errno)));
  return file_pointer(descriptor < 0 ? nullptr : ::fdopen(descriptor, "w"));
}

bool write(const std::string& stem, X509* certificate, EVP_PKEY* key) {
  const auto of_key = create(stem + ".key", 0600);
  if (!of_key) return false;
  const auto of_certificate = create(stem + ".pem", 0644);
  if (!of_certificate) return false;
  const bool written = PEM_write_PrivateKey(of_key.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1 && PEM_write_X509(of_certificate.get(), certificate) == 1 &&
                       std::fflush(of_key.get()) == 0 && std::fflush(of_certificate.get()) == 0;
  if (!written) complain(stem + ".pem: cannot be written");
  return written;
}

struct authority {
  certificate_pointer certificate;
  key_pointer key;
};

/// The CA in that folder, made where there is none. Empty: the user was told.
authority authority_in(const std::string& folder) {
  authority ca;
  const auto stem = folder + "/ca";
  const bool has_certificate = std::filesystem::exists(stem + ".pem"), has_key = std::filesystem::exists(stem + ".key");
  if (has_certificate != has_key) {
    complain(folder + ": of ca.pem and ca.key there is only one; put the other beside it, or move it away for a new CA");
    return {};
  }
  if (!has_key) {
    ca.key.reset(EVP_EC_gen("P-256"));
    ca.certificate = sign(ca_name, ca.key.get(), nullptr, ca.key.get());
    if (!ca.certificate || !write(stem, ca.certificate.get(), ca.key.get())) return {};
    print(stem + ".pem, .key: a new CA, for this cluster only; keep the key where nobody else reads it\n");
    return ca;
  }
  if (const file_pointer in(std::fopen((stem + ".pem").c_str(), "r")); in) ca.certificate.reset(PEM_read_X509(in.get(), nullptr, nullptr, nullptr));
  if (const file_pointer in(std::fopen((stem + ".key").c_str(), "r")); in) ca.key.reset(PEM_read_PrivateKey(in.get(), nullptr, nullptr, nullptr));
  if (!ca.certificate || !ca.key || X509_check_private_key(ca.certificate.get(), ca.key.get()) != 1) {
    complain(folder + ": ca.pem and ca.key cannot be read, or do not belong together");
    return {};
  }
  return ca;
}

}  // namespace

int cluster_cert(const std::string& folder, const std::vector<std::string>& nodes) {
  for (const auto& node : nodes) {
    if (config::is_name(node) && node != "ca") continue;
    complain("'" + node + "': a node's name is made of letters, digits, '.', '_' and '-', at most 128, and is not 'ca'");
    return wrong_usage;
  }
  std::error_code bad;
  std::filesystem::create_directories(folder, bad);
  if (bad) {
    complain(folder + ": " + bad.message());
    return failed;
  }
  for (const auto& node : nodes) {
    for (const char* end : {".pem", ".key"}) {
      if (!std::filesystem::exists(folder + "/" + node + end)) continue;
      complain(folder + "/" + node + end + " exists; move it away for a new one");
      return failed;
    }
  }
  const auto ca = authority_in(folder);
  if (!ca.key) return failed;
  for (const auto& node : nodes) {
    const key_pointer key(EVP_EC_gen("P-256"));
    const auto certificate = key ? sign(node, key.get(), ca.certificate.get(), ca.key.get()) : nullptr;
    if (!certificate) {
      complain(node + ": no certificate could be made");
      return failed;
    }
    if (!write(folder + "/" + node, certificate.get(), key.get())) return failed;
    print(folder + "/" + node + ".pem, .key: node '" + node + "', for two years\n");
  }
  return fine;
}

int cluster_forget(const console& c, const std::string& node) {
  if (!json_answer(c.client.ask("POST", "/admin/v1/nodes/forget", boost::json::serialize(boost::json::object{{"node", node}})))) return failed;
  print(c.json ? "{\"forgotten\":true}\n" : node + " is forgotten: limits and budgets are shared without it. Started anew, it takes part again.\n");
  return fine;
}

}  // namespace switchyard::ctl
