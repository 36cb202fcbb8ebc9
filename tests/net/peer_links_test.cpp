// Links between nodes: who is let in, what a stranger can do, what becomes of a broken link. Real sockets on loopback, free ports, conditions instead of waits.
#include "net/peer_links.hpp"

#include "cluster/config_messages.hpp"
#include "cluster/membership_messages.hpp"
#include "cluster/shipping_messages.hpp"
#include "tests/net/loopback.hpp"
#include "tests/net/peer_certificates.hpp"

#include <boost/test/unit_test.hpp>
#include <openssl/ssl.h>

#include <condition_variable>
#include <deque>
#include <fstream>
#include <mutex>
#include <set>
#include <unistd.h>

using namespace switchyard;
using namespace switchyard::net;
using namespace switchyard::net::testing;
using cluster::arrival;

namespace {

/// A CA, nodes a, b, c of it; a stranger's CA with a node a of its own.
const scratch_certificates& papers() {
  static scratch_certificates made;
  static const bool ready = [] {
    made.make("ca", "ca", "");
    for (const char* name : {"a", "b", "c"}) made.make(name, "ca", name);
    made.make("nameless", "ca", "");
    made.make("old", "ca", "old", -7200, 3600);
    made.make("foreign", "foreign", "");
    made.make("b-foreign", "foreign", "b");
    return true;
  }();
  (void)ready;
  return made;
}

config::cluster_tls files_of(const std::string& node) { return {papers().path("ca.pem"), papers().path(node + ".pem"), papers().path(node + ".key")}; }

peer_options options_of(const std::string& node, bool tls = true) {
  peer_options options;
  options.cluster = "yard";
  options.self = node;
  options.listen = {"127.0.0.1", 0};
  if (tls) options.tls = files_of(node);
  options.incarnation = 1;
  return options;
}

/// A node's end of the transport, with what came in.
class end_point {
 public:
  explicit end_point(peer_options options) : thread_(options.self), links(thread_, std::move(options)) {
    links.on_arrival([this] {
      const std::lock_guard guard(mutex_);
      ++wakes_;
      arrived_.notify_all();
    });
    at = links.start().value();
    thread_.start();
  }
  ~end_point() {
    links.stop();
    thread_.stop();
    thread_.join();
  }
  void dial(std::initializer_list<const end_point*> others) {
    std::vector<cluster::dial_target> targets;
    for (const auto* other : others) targets.push_back({"127.0.0.1", other->at.port, ""});
    links.dial(targets);
  }
  void say(const std::string& to, std::uint64_t seq) {
    cluster::outbox out;
    out.send(to, cluster::shipped_answer{1, 1, seq});
    links.send(out.take());
  }
  void say_what_can_wait(const std::string& to) {
    cluster::outbox out;
    out.send(to, cluster::heartbeat_answer{1, 1, false, {}});
    out.send(to, cluster::heartbeat{1, 1, false, {}});
    links.send(out.take());
  }
  std::uint64_t wakes() {
    const std::lock_guard guard(mutex_);
    return wakes_;
  }
  /// The next arrival of that sort; what else comes is skipped. Fails after 10 s.
  arrival next(arrival::what kind) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (true) {
      while (!seen_.empty()) {
        auto one = std::move(seen_.front());
        seen_.pop_front();
        if (one.kind == kind) return one;
      }
      std::uint64_t before = 0;
      {
        const std::lock_guard guard(mutex_);
        before = wakes_;
      }
      for (auto& one : links.take()) seen_.push_back(std::move(one));
      if (!seen_.empty()) continue;
      std::unique_lock lock(mutex_);
      BOOST_REQUIRE_MESSAGE(arrived_.wait_until(lock, until, [&] { return wakes_ != before; }), "nothing came within 10 s");
    }
  }
  template <class Condition>
  bool comes_true(Condition condition) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::promise<void> round;
      thread_.post([&] { round.set_value(); });
      round.get_future().wait();
    }
    return true;
  }

 private:
  io_thread thread_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::uint64_t wakes_ = 0;
  std::deque<arrival> seen_;

 public:
  peer_links links;
  config::listen_address at;
};

constexpr auto up = arrival::what::up;
constexpr auto down = arrival::what::down;
constexpr auto message = arrival::what::message;

/// What end_point::say() said.
std::uint64_t seq_of(const arrival& mail) {
  BOOST_REQUIRE(mail.message == cluster::message_kind::shipped_answer);
  return cluster::decode<cluster::shipped_answer>(mail.body)->last;
}

/// A TLS client that shows what it is told to, says what it is told to, and reads until it is put out. Blocking, at most 5 s per step.
class stranger {
 public:
  stranger(std::uint16_t port, const std::string& paper, int version = TLS1_3_VERSION) : tcp_(::socket(AF_INET, SOCK_STREAM, 0)) {
    timeval limit{5, 0};
    ::setsockopt(tcp_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(tcp_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    BOOST_REQUIRE(::connect(tcp_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    context_ = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_max_proto_version(context_, version);
    if (!paper.empty()) {
      SSL_CTX_use_certificate_file(context_, papers().path(paper + ".pem").c_str(), SSL_FILETYPE_PEM);
      SSL_CTX_use_PrivateKey_file(context_, papers().path(paper + ".key").c_str(), SSL_FILETYPE_PEM);
    }
    tls_ = SSL_new(context_);
    SSL_set_fd(tls_, tcp_);
    connected = SSL_connect(tls_) == 1;
  }
  ~stranger() {
    SSL_free(tls_);
    SSL_CTX_free(context_);
    ::close(tcp_);
  }
  void say(const std::string& bytes) { (void)SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size())); }
  void greet(const cluster::hello& hello) { say_frame(*cluster::seal(cluster::wrap(hello))); }
  void say_frame(const std::string& frame) {
    std::string length;
    for (int shift = 24; shift >= 0; shift -= 8) length += static_cast<char>(frame.size() >> shift & 0xff);
    say(length + frame);
  }
  /// True: the other end closed; false: it still waits after 5 s.
  bool is_put_out() {
    char buffer[4096];
    while (true) {
      const int size = SSL_read(tls_, buffer, sizeof buffer);
      if (size > 0) continue;
      const int why = SSL_get_error(tls_, size);
      return !(why == SSL_ERROR_WANT_READ || (why == SSL_ERROR_SYSCALL && (errno == EAGAIN || errno == EWOULDBLOCK)));
    }
  }
  bool connected = false;

 private:
  int tcp_;
  SSL_CTX* context_ = nullptr;
  SSL* tls_ = nullptr;
};

// Sanitizers keep what was freed, and shadows of all memory.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool memory_is_our_own = false;
#else
constexpr bool memory_is_our_own = true;
#endif

std::size_t resident_kb() {
  std::ifstream in("/proc/self/statm");
  std::size_t whole = 0, resident = 0;
  in >> whole >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) / 1024;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(peer_links_between_nodes)

BOOST_AUTO_TEST_CASE(two_nodes_that_dial_each_other_talk_over_one_link) {
  for (const bool tls : {true, false}) {
    end_point a(options_of("a", tls)), b(options_of("b", tls));
    a.dial({&b, &a});
    b.dial({&a, &b});
    BOOST_TEST(a.next(up).from == "b");
    const auto met = b.next(up);
    BOOST_TEST(met.from == "a");
    BOOST_TEST(met.incarnation == 1u);
    BOOST_TEST(met.body == "127.0.0.1");
    for (std::uint64_t seq = 1; seq <= 100; ++seq) {
      a.say("b", seq);
      b.say("a", seq);
    }
    // Each once; in what order is left open (cluster/transport.hpp): the first went over the connection that was there first.
    std::set<std::uint64_t> seen_by_a, seen_by_b;
    for (int count = 0; count < 100; ++count) {
      seen_by_b.insert(seq_of(b.next(message)));
      seen_by_a.insert(seq_of(a.next(message)));
    }
    for (const auto& seen : {seen_by_a, seen_by_b}) BOOST_TEST((seen.size() == 100u && *seen.begin() == 1u && *seen.rbegin() == 100u));
    BOOST_TEST(a.links.figures().links == 1u);
    BOOST_TEST(b.links.figures().links == 1u);
  }
}

BOOST_AUTO_TEST_CASE(one_connection_keeps_the_order) {
  end_point a(options_of("a")), b(options_of("b"));
  a.dial({&b});
  (void)a.next(up);
  (void)b.next(up);
  for (std::uint64_t seq = 1; seq <= 100; ++seq) a.say("b", seq);
  for (std::uint64_t seq = 1; seq <= 100; ++seq) BOOST_TEST(seq_of(b.next(message)) == seq);
}

BOOST_AUTO_TEST_CASE(a_node_that_ends_is_noticed_and_one_that_comes_back_is_linked_again) {
  end_point a(options_of("a"));
  std::uint16_t port = 0;
  {
    end_point b(options_of("b"));
    port = b.at.port;
    a.dial({&b});
    BOOST_TEST(a.next(up).from == "b");
    BOOST_TEST(b.next(up).from == "a");
  }
  BOOST_TEST(a.next(down).from == "b");
  auto again = options_of("b");
  again.listen.port = port;
  again.incarnation = 2;
  end_point b(again);
  const auto met = a.next(up);
  BOOST_TEST(met.from == "b");
  BOOST_TEST(met.incarnation == 2u);
}

BOOST_AUTO_TEST_CASE(a_dropped_link_comes_back) {
  end_point a(options_of("a")), b(options_of("b"));
  a.dial({&b});
  (void)a.next(up);
  (void)b.next(up);
  b.links.drop("a", "its bytes do not fit");
  BOOST_TEST(b.next(down).from == "a");
  BOOST_TEST(a.next(down).from == "b");
  BOOST_TEST(a.next(up).from == "b");
}

BOOST_AUTO_TEST_CASE(a_connect_that_nobody_answers_holds_up_no_other) {
  end_point a(options_of("a")), b(options_of("b"));
  // A listener that accepts nothing: its queue is full, the kernel drops what comes.
  const int hole = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  BOOST_REQUIRE(::bind(hole, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  BOOST_REQUIRE(::listen(hole, 0) == 0);
  socklen_t size = sizeof address;
  ::getsockname(hole, reinterpret_cast<sockaddr*>(&address), &size);
  std::vector<std::unique_ptr<raw_client>> filling;
  const auto port = ntohs(address.sin_port);
  filling.push_back(std::make_unique<raw_client>(port));
  a.links.dial({{"127.0.0.1", port, ""}, {"127.0.0.1", port, "x"}, {"127.0.0.1", b.at.port, ""}});
  BOOST_TEST(a.next(up).from == "b");
  ::close(hole);
}

BOOST_AUTO_TEST_CASE(who_cannot_prove_a_name_is_refused) {
  end_point a(options_of("a"));
  const cluster::hello as_b{"yard", "b", 1, 1, 1};
  const auto refused = [&](const std::string& paper, const cluster::hello& hello, int version = TLS1_3_VERSION) {
    stranger one(a.at.port, paper, version);
    if (one.connected) one.greet(hello);
    BOOST_TEST(one.is_put_out(), paper << " as " << hello.node);
  };
  refused("", as_b);                                         // no certificate
  refused("b-foreign", as_b);                                // the right name from another CA
  refused("old", {"yard", "old", 1, 1, 1});                  // expired
  refused("c", as_b);                                        // a certificate of the CA for another name
  refused("nameless", as_b);
  refused("b", {"other", "b", 1, 1, 1});                     // another cluster
  refused("b", {"yard", "b", 1, 0, 0});                      // a version that is not spoken any more
  refused("b", {"yard", "b", 1, 2, 9});                      // one that is not spoken yet
  refused("a", {"yard", "a", 5, 1, 1});                      // this node's own name
  refused("b", as_b, TLS1_2_VERSION);
  BOOST_TEST(a.comes_true([&] { return a.links.figures().refused == 10; }), a.links.figures().refused);
  stranger b(a.at.port, "b");
  b.greet(as_b);
  BOOST_TEST(a.next(up).from == "b");
}

BOOST_AUTO_TEST_CASE(a_node_that_is_no_member_is_refused) {
  auto options = options_of("a");
  options.members = {"a", "b"};
  end_point a(options);
  stranger c(a.at.port, "c");
  c.greet({"yard", "c", 1, 1, 1});
  BOOST_TEST(c.is_put_out());
  stranger b(a.at.port, "b");
  b.greet({"yard", "b", 1, 1, 1});
  BOOST_TEST(a.next(up).from == "b");
}

BOOST_AUTO_TEST_CASE(bombs_and_garbage_end_the_connection_and_take_no_memory) {
  end_point a(options_of("a"));
  const auto before = resident_kb();
  const std::string bombs[] = {
      std::string("\xf0\x00\x00\x00", 4) + std::string(60, 'x'),                      // 4 GB announced
      std::string("\x00\x10\x00\x01", 4) + std::string(60, 'x'),                      // 1 MiB and a byte
      std::string("\x00\x00\x08\x00", 4) + std::string(2048, '\x91'),                 // too long for a hello
      std::string("\x00\x00\x00\x00", 4),
      std::string("\x00\x00\x03\x00", 4) + std::string(768, '\x91'),                  // arrays within arrays
      std::string("\x00\x00\x00\x05", 4) + std::string("\xdd\xff\xff\xff\xff", 5),    // four billion items
      std::string("GET / HTTP/1.1\r\n\r\n"),
  };
  for (const auto& bomb : bombs) {
    {
      stranger from_a_member(a.at.port, "b");
      from_a_member.say(bomb);
      BOOST_TEST(from_a_member.is_put_out());
    }
    raw_client plain(a.at.port);                             // no TLS at all
    plain.send(bomb);
    plain.send(std::string(32, '\xf0'));
    (void)plain.read_to_end();
  }
  // Also after the hello.
  for (const auto& bomb : {bombs[0], bombs[1], bombs[3], bombs[5]}) {
    stranger b(a.at.port, "b");
    b.greet({"yard", "b", 1, 1, 1});
    (void)a.next(up);
    b.say(bomb);
    BOOST_TEST(b.is_put_out());
    BOOST_TEST(a.next(down).from == "b");
  }
  BOOST_TEST((!memory_is_our_own || resident_kb() - before < 20u * 1024), resident_kb() - before);
}

BOOST_AUTO_TEST_CASE(a_connection_that_says_nothing_costs_little_and_is_closed) {
  end_point a(options_of("a"));
  std::vector<std::unique_ptr<raw_client>> silent;
  const auto before = resident_kb();
  for (int i = 0; i < 64; ++i) silent.push_back(std::make_unique<raw_client>(a.at.port));
  // One more than are let wait is closed at once; the others after 3 s.
  BOOST_TEST(a.comes_true([&] {
    silent.push_back(std::make_unique<raw_client>(a.at.port));
    return a.links.figures().refused > 0;
  }));
  BOOST_TEST((!memory_is_our_own || resident_kb() - before < 64u * 1024), resident_kb() - before);
  BOOST_TEST(silent.front()->read_to_end().empty());
  stranger b(a.at.port, "b");                                // and there is room again
  b.greet({"yard", "b", 1, 1, 1});
  BOOST_TEST(a.next(up).from == "b");
}

BOOST_AUTO_TEST_CASE(a_peer_that_does_not_read_cannot_make_the_node_keep_more_than_its_share) {
  end_point a(options_of("a", false));
  raw_client b(a.at.port);                                   // never reads
  const auto frame = *cluster::seal(cluster::wrap(cluster::hello{"yard", "b", 1, 1, 1}));
  b.send(std::string("\x00\x00\x00", 3) + static_cast<char>(frame.size()) + frame);
  BOOST_TEST(a.next(up).from == "b");
  const auto before = resident_kb();
  const std::string text(500'000, 'x');
  for (int i = 0; i < 200; ++i) {
    cluster::outbox out;
    out.send("b", cluster::config_text{{9, std::string(32, 'x')}, text});
    a.links.send(out.take());
  }
  BOOST_TEST(a.comes_true([&] { return a.links.figures().dropped > 100; }));
  BOOST_TEST((!memory_is_our_own || resident_kb() - before < 40u * 1024), resident_kb() - before);
}

BOOST_AUTO_TEST_CASE(what_nobody_takes_stops_the_reading) {
  end_point a(options_of("a")), b(options_of("b"));
  a.dial({&b});
  (void)a.next(up);
  (void)b.next(up);
  // b keeps its arrivals: a's words stay in a, not in b's memory.
  const std::string text(500'000, 'x');
  for (int i = 0; i < 400; ++i) {
    cluster::outbox out;
    out.send("b", cluster::config_text{{9, std::string(32, 'x')}, text});
    a.links.send(out.take());
  }
  BOOST_TEST(a.comes_true([&] { return a.links.figures().dropped > 0; }));
  BOOST_TEST(b.links.figures().received < 60u);
  BOOST_TEST(b.next(message).from == "a");                   // and goes on once they are taken
  a.say("b", 7);
  while (b.next(message).message != cluster::message_kind::shipped_answer) {
  }
}

BOOST_AUTO_TEST_CASE(answers_and_heartbeats_right_behind_them_wake_nobody_and_come_with_what_does) {
  end_point a(options_of("a")), b(options_of("b"));
  b.dial({&a});
  BOOST_TEST(a.next(up).from == "b");
  BOOST_TEST(b.next(up).from == "a");
  const auto before = b.wakes();
  for (int i = 0; i < 5; ++i) a.say_what_can_wait("b");
  BOOST_TEST(b.comes_true([&] { return b.links.figures().received == 10u; }));
  BOOST_TEST(b.wakes() == before);
  a.say("b", 1);
  for (int i = 0; i < 5; ++i) {
    BOOST_TEST((b.next(message).message == cluster::message_kind::heartbeat_answer));
    BOOST_TEST((b.next(message).message == cluster::message_kind::heartbeat));
  }
  BOOST_TEST((b.next(message).message == cluster::message_kind::shipped_answer));
  BOOST_TEST(b.wakes() == before + 1);
}

BOOST_AUTO_TEST_CASE(new_certificates_are_taken_while_links_go_on_and_bad_ones_are_not) {
  scratch_certificates own;
  own.make("ca", "ca", "");
  for (const char* name : {"a", "b"}) own.make(name, "ca", name);
  const auto options = [&](const std::string& node) {
    auto made = options_of(node);
    made.tls = config::cluster_tls{own.path("ca.pem"), own.path(node + ".pem"), own.path(node + ".key")};
    return made;
  };
  end_point a(options("a")), b(options("b"));
  a.dial({&b});
  BOOST_TEST(a.next(up).from == "b");
  (void)b.next(up);
  own.make("a", "ca", "a");
  BOOST_TEST(a.links.renew_certificates().has_value());
  std::ofstream(own.path("b.pem")) << "garbage";
  const auto kept = b.links.renew_certificates();
  BOOST_REQUIRE(!kept.has_value());
  BOOST_TEST(kept.failure().message.find("cluster.tls.cert") != std::string::npos);
  a.say("b", 1);                                             // over the old connection
  (void)b.next(message);
  a.links.drop("b", "again");
  BOOST_TEST(b.next(down).from == "a");
  BOOST_TEST(b.next(up).from == "a");                        // a with its new certificate, b with its old one
}

BOOST_AUTO_TEST_CASE(files_that_do_not_fit_stop_the_start) {
  const auto why = [](peer_options options) {
    io_thread thread("x");
    peer_links links(thread, std::move(options));
    const auto started = links.start();
    return started ? std::string("started") : started.failure().message;
  };
  const auto holds = [](const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; };
  auto options = options_of("a");
  options.tls->ca = "/nowhere/ca.pem";
  BOOST_TEST(holds(why(options), "cluster.tls.ca: '/nowhere/ca.pem' cannot be used"));
  options = options_of("a");
  options.tls->cert = papers().path("b.pem");
  BOOST_TEST(holds(why(options), "cluster.tls.key"));
  options = options_of("b");
  options.self = "a";
  BOOST_TEST(holds(why(options), "is for 'b', not for this node, 'a'"));
  options = options_of("a");
  options.self = "old";
  options.tls = files_of("old");
  BOOST_TEST(holds(why(options), "expired"));
  options = options_of("b");
  options.tls = files_of("b-foreign");
  BOOST_TEST(holds(why(options), "is not vouched for by cluster.tls.ca"));
  options = options_of("a", false);
  options.listen.host = "0.0.0.0";
  BOOST_TEST(holds(why(options), "without TLS only a loopback address"));
}

BOOST_AUTO_TEST_SUITE_END()
