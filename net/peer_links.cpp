#include "net/peer_links.hpp"

#include "base/log.hpp"
#include "net/peer_dialler.hpp"
#include "net/peer_link.hpp"
#include "net/peer_tls.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <atomic>
#include <future>
#include <map>
#include <mutex>
#include <set>

namespace switchyard::net {

namespace {

constexpr milliseconds sweep_every{250};
constexpr milliseconds calm_sweep_every{1000};   // while every link is open and none is spare
constexpr milliseconds spare_for = seconds(2);
constexpr milliseconds refusals_told_every = seconds(1);
constexpr std::size_t most_opening = 64;         // connections of others that did not prove themselves yet
constexpr std::size_t most_arrivals = 4096;
constexpr std::size_t most_arrived_bytes = 8u << 20;

using timer = asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, executor>;

}  // namespace

class peer_links::core : public peer_link_owner {
 public:
  core(io_thread& thread, peer_options options)
      : thread(thread), options(std::move(options)), acceptor_(context_of(thread)), sweeper_(context_of(thread)), incarnation_(this->options.incarnation),
        dialler_(thread, [this](const cluster::node_name& node) { return links_.contains(node); },
                 [this](const asio::ip::tcp::endpoint&, tcp_socket socket) { begin(std::move(socket), true); }) {}

  result<config::listen_address> start();
  result<std::shared_ptr<asio::ssl::context>> read_certificates() const;
  void use_certificates(std::shared_ptr<asio::ssl::context> made) { tls_ = std::move(made); }
  void stop();
  void send(std::vector<cluster::outgoing> messages);
  std::vector<cluster::arrival> take();
  void dial(std::vector<cluster::dial_target> targets);
  void drop(const cluster::node_name& peer, const std::string& why);

  cluster::hello own_hello() const override {
    return {options.cluster, options.self, incarnation_.load(std::memory_order_relaxed), cluster::oldest_version, cluster::newest_version};
  }
  outcome greeted(peer_link& link, const cluster::hello& theirs) override;
  void received(peer_link& link, cluster::envelope&& message) override;
  bool full() const override { return full_.load(std::memory_order_relaxed); }
  void closed(peer_link& link, const std::string& why) override;

  io_thread& thread;
  const peer_options options;
  std::shared_ptr<const std::function<void()>> notify;   // under inbox_mutex
  std::mutex inbox_mutex;
  std::atomic<std::uint64_t> links{0}, dropped{0}, refused{0};
  void set_incarnation(std::uint64_t value) {
    incarnation_.store(value, std::memory_order_relaxed);
    thread.post([this] { begin_to_talk(); });
  }

 private:
  [[nodiscard]] bool may_talk() const noexcept { return incarnation_.load(std::memory_order_relaxed) != 0 && !stopped_; }
  void begin_to_talk();
  void accept();
  void begin(tcp_socket socket, bool dialled);
  void sweep();
  void settle_spare(peer_link& spare);
  void put(cluster::arrival what);
  void use(const std::shared_ptr<peer_link>& link);
  std::shared_ptr<peer_link> spare_of(const cluster::node_name& node) const;
  void tell_refusal(const peer_link& link, const std::string& why);

  tcp_acceptor acceptor_;
  timer sweeper_;
  std::shared_ptr<asio::ssl::context> tls_;
  std::atomic<std::uint64_t> incarnation_;
  std::set<std::shared_ptr<peer_link>> all_;
  std::map<cluster::node_name, std::shared_ptr<peer_link>> links_;   // the one that is used
  peer_dialler dialler_;
  std::vector<cluster::arrival> inbox_;
  std::size_t inbox_bytes_ = 0;
  bool announced_ = false;                       // notify was called since the last take()
  std::atomic<bool> full_{false};
  bool accepting_ = false;
  bool stopped_ = false;
  steady_time refusal_told_{};
  std::uint64_t refusals_untold_ = 0;
};

result<std::shared_ptr<asio::ssl::context>> peer_links::core::read_certificates() const {
  if (!options.tls) return std::shared_ptr<asio::ssl::context>();
  return make_peer_tls({options.tls->ca, options.tls->cert, options.tls->key}, options.self);
}

result<config::listen_address> peer_links::core::start() {
  auto certificates = read_certificates();
  if (!certificates) return certificates.failure();
  tls_ = certificates.value();
  system_error failure;
  const auto& listen = options.listen;
  const auto refuse = [&](const std::string& why) {
    return internal_error("cluster.listen: cannot listen on " + listen.host + ":" + std::to_string(listen.port) + ": " + why);
  };
  const auto address = asio::ip::make_address(listen.host == "localhost" ? "127.0.0.1" : listen.host, failure);
  if (failure) return refuse("not an IP address");
  if (!tls_ && !address.is_loopback()) return refuse("without TLS only a loopback address is taken");
  const asio::ip::tcp::endpoint where(address, listen.port);
  acceptor_.open(where.protocol(), failure);
  if (!failure) acceptor_.set_option(asio::socket_base::reuse_address(true), failure);
  if (!failure) acceptor_.bind(where, failure);
  if (!failure) acceptor_.listen(128, failure);
  if (failure) return refuse(failure.message());
  const config::listen_address real{listen.host, acceptor_.local_endpoint().port()};
  thread.post([this] {
    begin_to_talk();
    sweep();
  });
  return real;
}

void peer_links::core::begin_to_talk() {
  if (!may_talk()) return;
  if (!accepting_ && acceptor_.is_open()) accept();
  dialler_.tick(steady_now());
}

void peer_links::core::accept() {
  accepting_ = true;
  acceptor_.async_accept([this](const system_error& failure, tcp_socket socket) {
    accepting_ = false;
    if (!acceptor_.is_open()) return;
    if (failure) return;                         // out of descriptors, most likely: the sweep tries again
    const auto opening = std::count_if(all_.begin(), all_.end(), [](const auto& link) { return !link->dialled && !link->is_open(); });
    if (static_cast<std::size_t>(opening) < most_opening)
      begin(std::move(socket), false);
    else
      refused.fetch_add(1, std::memory_order_relaxed);
    accept();
  });
}

void peer_links::core::begin(tcp_socket socket, bool dialled) {
  const auto link = std::make_shared<peer_link>(*this, std::move(socket), dialled);
  all_.insert(link);
  link->start(tls_.get());
}

outcome peer_links::core::greeted(peer_link& link, const cluster::hello& theirs) {
  const auto refuse = [](std::string why) { return error{error_code::internal, error_origin::peer, false, std::move(why), {}}; };
  if (theirs.node == options.self) {
    if (theirs.incarnation != incarnation_.load(std::memory_order_relaxed)) return refuse("another node is named " + theirs.node + ", as this one is");
    if (link.dialled) dialler_.is_self(link.other_end, steady_now());
    return refuse("it is this node itself");
  }
  const auto& members = options.members;
  if (!members.empty() && std::find(members.begin(), members.end(), theirs.node) == members.end()) return refuse(theirs.node + " is not one of cluster.members");
  if (link.dialled) dialler_.found(link.other_end, theirs.node);
  const auto self = link.shared_from_this();
  const auto known = links_.find(theirs.node);
  if (known == links_.end()) {
    use(self);
    return done{};
  }
  const auto other = known->second;
  const bool smaller_dialled_it = link.dialled == (options.self < theirs.node);
  if (link.dialled == other->dialled || link.incarnation > other->incarnation) {
    use(self);                                   // the other end lost the old connection, or its memory
    other->close("a newer connection took its place");
  } else if (smaller_dialled_it) {
    other->spare_since = steady_now();
    known->second = self;
  } else {
    link.spare_since = steady_now();
  }
  return done{};
}

void peer_links::core::use(const std::shared_ptr<peer_link>& link) {
  links_[link->name] = link;
  links.store(links_.size(), std::memory_order_relaxed);
  cluster::arrival up;
  up.kind = cluster::arrival::what::up;
  up.from = link->name;
  up.body = link->other_end.address().to_string();
  up.incarnation = link->incarnation;
  put(std::move(up));
}

std::shared_ptr<peer_link> peer_links::core::spare_of(const cluster::node_name& node) const {
  for (const auto& link : all_)
    if (link->is_open() && link->name == node && link->spare_since != steady_time::max()) return link;
  return nullptr;
}

void peer_links::core::received(peer_link& link, cluster::envelope&& message) {
  traffic.received.fetch_add(1, std::memory_order_relaxed);
  cluster::arrival mail;
  mail.from = link.name;
  mail.message = static_cast<cluster::message_kind>(message.kind);
  mail.body = std::move(message.body);
  put(std::move(mail));
}

void peer_links::core::closed(peer_link& link, const std::string& why) {
  const auto self = link.shared_from_this();
  const auto found = links_.find(link.name);
  const bool was_used = found != links_.end() && found->second == self;
  all_.erase(self);
  const auto now = steady_now();
  if (link.was_open) {
    if (link.dialled) dialler_.ended(link.other_end);
  } else if (link.dialled) {
    if (why != "it is this node itself") dialler_.refused(link.other_end, why, now);
  } else if (why != "it is this node itself") {
    tell_refusal(link, why);
  }
  if (!was_used) return;
  if (const auto spare = spare_of(link.name)) {
    spare->spare_since = steady_time::max();
    return use(spare);
  }
  links_.erase(found);
  links.store(links_.size(), std::memory_order_relaxed);
  if (stopped_) return;
  cluster::arrival down;
  down.kind = cluster::arrival::what::down;
  down.from = link.name;
  down.body = why;
  put(std::move(down));
  dialler_.tick(now);
}

void peer_links::core::tell_refusal(const peer_link& link, const std::string& why) {
  refused.fetch_add(1, std::memory_order_relaxed);
  ++refusals_untold_;
  if (const auto now = steady_now(); now - refusal_told_ >= refusals_told_every) {
    refusal_told_ = now;
    system_error ignored;
    log::warn("peer_refused", "a connection to the cluster's port was refused",
              {{"from", link.other_end.address().to_string(ignored)}, {"node", link.name}, {"why", why}, {"refused", std::exchange(refusals_untold_, 0)}});
  }
}

void peer_links::core::put(cluster::arrival what) {
  what.at = steady_now();
  std::shared_ptr<const std::function<void()>> call;
  {
    const std::lock_guard guard(inbox_mutex);
    const auto before = inbox_.empty() || inbox_.back().from != what.from ? cluster::message_kind{} : inbox_.back().message;
    const bool waits = what.kind == cluster::arrival::what::message && cluster::can_wait(what.message, before);
    inbox_bytes_ += what.body.size();
    inbox_.push_back(std::move(what));
    const bool is_full = inbox_.size() >= most_arrivals || inbox_bytes_ >= most_arrived_bytes;
    if (is_full) full_.store(true, std::memory_order_relaxed);
    if ((!waits || is_full) && !std::exchange(announced_, true)) call = notify;
  }
  if (call) (*call)();                           // whoever it wakes need not wait for the mutex
}

std::vector<cluster::arrival> peer_links::core::take() {
  const std::lock_guard guard(inbox_mutex);
  inbox_bytes_ = 0;
  announced_ = false;
  if (full_.exchange(false, std::memory_order_relaxed))
    thread.post([this] {
      for (const auto& link : std::vector(all_.begin(), all_.end())) link->resume();
    });
  return std::exchange(inbox_, {});
}

void peer_links::core::send(std::vector<cluster::outgoing> messages) {
  std::set<peer_link*> touched;
  for (auto& message : messages) {
    const auto found = links_.find(message.to);
    if (found == links_.end()) {
      dropped.fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    auto& link = *found->second;
    auto frame = cluster::seal({link.version, static_cast<std::uint16_t>(message.kind), std::move(message.body)});
    if (!frame) {
      log::error("peer_message_too_long", frame.failure().message, {{"node", message.to}});
      dropped.fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    dropped.fetch_add(link.queue(*std::move(frame)), std::memory_order_relaxed);
    touched.insert(&link);
  }
  for (auto* link : touched) link->flush();
}

void peer_links::core::dial(std::vector<cluster::dial_target> targets) {
  dialler_.set_targets(std::move(targets));
  begin_to_talk();
}

void peer_links::core::drop(const cluster::node_name& peer, const std::string& why) {
  if (const auto spare = spare_of(peer)) spare->close(why);
  if (const auto found = links_.find(peer); found != links_.end()) {
    const auto link = found->second;
    link->close(why);
  }
}

void peer_links::core::sweep() {
  const auto now = steady_now();
  for (const auto& link : std::vector(all_.begin(), all_.end())) {
    if (link->is_closed()) continue;
    if (!link->is_open() && now - link->since >= peer_link::opening_limit) link->close("no hello within 3 s");
    if (link->is_open() && link->spare_since != steady_time::max() && now - link->spare_since >= spare_for) settle_spare(*link);
  }
  begin_to_talk();
  const bool calm = dialler_.is_content() && std::all_of(all_.begin(), all_.end(), [](const auto& link) { return link->is_open() && link->spare_since == steady_time::max(); });
  sweeper_.expires_after(calm ? calm_sweep_every : sweep_every);
  sweeper_.async_wait([this](const system_error& failure) {
    if (!failure && !stopped_) sweep();
  });
}

void peer_links::core::settle_spare(peer_link& spare) {
  const auto used = links_.find(spare.name);
  if (used == links_.end() || used->second->heard >= spare.spare_since) return spare.close("another connection is used");
  const auto silent = used->second;
  silent->close("nothing came over it while a new connection opened");   // the spare takes its place
}

void peer_links::core::stop() {
  stopped_ = true;
  system_error ignored;
  acceptor_.close(ignored);
  sweeper_.cancel();
  dialler_.stop();
  for (const auto& link : std::vector(all_.begin(), all_.end())) link->close("this node stops");
}

peer_links::peer_links(io_thread& thread, peer_options options) : core_(std::make_shared<core>(thread, std::move(options))) {}
peer_links::~peer_links() = default;

result<config::listen_address> peer_links::start() { return core_->start(); }

outcome peer_links::renew_certificates() {
  auto made = core_->read_certificates();
  if (!made) return made.failure();
  core_->thread.post([core = core_, fresh = made.value()] { core->use_certificates(fresh); });
  return done{};
}

void peer_links::stop() {
  std::promise<void> over;
  core_->thread.post([&] {
    core_->stop();
    over.set_value();
  });
  over.get_future().wait();
}

void peer_links::send(std::vector<cluster::outgoing> messages) {
  if (messages.empty()) return;
  core_->thread.post([core = core_, messages = std::move(messages)]() mutable { core->send(std::move(messages)); });
}
std::vector<cluster::arrival> peer_links::take() { return core_->take(); }
void peer_links::on_arrival(std::function<void()> call) {
  const std::lock_guard guard(core_->inbox_mutex);
  core_->notify = call ? std::make_shared<const std::function<void()>>(std::move(call)) : nullptr;
}
void peer_links::wake() {
  std::shared_ptr<const std::function<void()>> call;
  {
    const std::lock_guard guard(core_->inbox_mutex);
    call = core_->notify;
  }
  if (call) (*call)();
}
void peer_links::dial(std::vector<cluster::dial_target> targets) {
  core_->thread.post([core = core_, targets = std::move(targets)]() mutable { core->dial(std::move(targets)); });
}
void peer_links::set_incarnation(std::uint64_t incarnation) { core_->set_incarnation(incarnation); }
void peer_links::drop(const cluster::node_name& peer, std::string why) {
  core_->thread.post([core = core_, peer, why = std::move(why)] { core->drop(peer, why); });
}

cluster::transport_figures peer_links::figures() const {
  const auto& c = *core_;
  const auto of = [](const std::atomic<std::uint64_t>& value) { return value.load(std::memory_order_relaxed); };
  return {of(c.links), of(c.traffic.sent), of(c.traffic.received), of(c.traffic.sent_bytes), of(c.traffic.received_bytes), of(c.dropped), of(c.refused)};
}

}  // namespace switchyard::net
