// Shows ThreadSanitizer what orders the actors' work. Linked into tests of ThreadSanitizer builds only.
//
// Debian's CAF library is not instrumented: its mailboxes and reference counts are invisible, so everything an actor reads of a
// message looks like a race with whoever wrote it. Suppressing that would hide our own races with it. Instead, the few
// functions through which work changes threads are defined here, ahead of the library's (the dynamic linker prefers the
// program's symbols): counts are taken over, instrumented; the others say what they order and forward.
//
//   enqueue(element) -> mailbox_visitor(element)   what the sender did before is seen by the handler
//   launch, enqueue, mailbox_visitor -> resume     what was done to the actor is seen by its next run, on whatever thread
#include <caf/actor_control_block.hpp>
#include <caf/blocking_actor.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/ref_counted.hpp>
#include <caf/scheduled_actor.hpp>

#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>

#include <cstdlib>

namespace {

template <class Function>
Function in_library(const char* mangled) {
  void* const found = ::dlsym(RTLD_NEXT, mangled);
  if (found == nullptr) std::abort();   // another CAF: see to the names below
  return reinterpret_cast<Function>(found);
}

}  // namespace

namespace caf {

void ref_counted::deref() const noexcept {
  if (unique())
    request_deletion(false);
  else if (rc_.fetch_sub(1, std::memory_order_acq_rel) == 1)
    request_deletion(true);
}

void intrusive_ptr_release_weak(actor_control_block* block) {
  if (block->weak_refs.fetch_sub(1, std::memory_order_acq_rel) == 1) block->block_dtor(block);
}

void intrusive_ptr_release(actor_control_block* block) {
  if (block->strong_refs.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  block->data_dtor(block->get());
  intrusive_ptr_release_weak(block);
}

void scheduled_actor::enqueue(mailbox_element_ptr element, execution_unit* host) {
  using function = void (*)(scheduled_actor*, mailbox_element_ptr, execution_unit*);
  static const auto original = in_library<function>(
      "_ZN3caf15scheduled_actor7enqueueESt10unique_ptrINS_15mailbox_elementENS_6detail8disposerEEPNS_14execution_unitE");
  __tsan_release(element.get());
  __tsan_release(this);
  original(this, std::move(element), host);
}

void scheduled_actor::launch(execution_unit* host, bool lazy, bool hide) {
  using function = void (*)(scheduled_actor*, execution_unit*, bool, bool);
  static const auto original = in_library<function>("_ZN3caf15scheduled_actor6launchEPNS_14execution_unitEbb");
  __tsan_release(this);
  original(this, host, lazy, hide);
}

resumable::resume_result scheduled_actor::resume(execution_unit* host, size_t throughput) {
  using function = resume_result (*)(scheduled_actor*, execution_unit*, size_t);
  static const auto original = in_library<function>("_ZN3caf15scheduled_actor6resumeEPNS_14execution_unitEm");
  __tsan_acquire(this);
  return original(this, host, throughput);
}

// Messages that nobody handled any more are dropped here.
bool scheduled_actor::cleanup(error&& reason, execution_unit* host) {
  using function = bool (*)(scheduled_actor*, error&&, execution_unit*);
  static const auto original = in_library<function>("_ZN3caf15scheduled_actor7cleanupEONS_5errorEPNS_14execution_unitE");
  __tsan_acquire(this);
  return original(this, std::move(reason), host);
}

intrusive::task_result scheduled_actor::mailbox_visitor::operator()(mailbox_element& element) {
  using function = intrusive::task_result (*)(mailbox_visitor*, mailbox_element&);
  static const auto original = in_library<function>("_ZN3caf15scheduled_actor15mailbox_visitorclERNS_15mailbox_elementE");
  __tsan_acquire(&element);
  const auto result = original(this, element);
  __tsan_release(self);   // not after resume(): by then another thread may run this actor
  return result;
}

void blocking_actor::enqueue(mailbox_element_ptr element, execution_unit* host) {
  using function = void (*)(blocking_actor*, mailbox_element_ptr, execution_unit*);
  static const auto original = in_library<function>(
      "_ZN3caf14blocking_actor7enqueueESt10unique_ptrINS_15mailbox_elementENS_6detail8disposerEEPNS_14execution_unitE");
  __tsan_release(element.get());
  original(this, std::move(element), host);
}

intrusive::task_result blocking_actor::mailbox_visitor::operator()(mailbox_element& element) {
  using function = intrusive::task_result (*)(mailbox_visitor*, mailbox_element&);
  static const auto original = in_library<function>("_ZN3caf14blocking_actor15mailbox_visitorclERNS_15mailbox_elementE");
  __tsan_acquire(&element);
  return original(this, element);
}

}  // namespace caf
