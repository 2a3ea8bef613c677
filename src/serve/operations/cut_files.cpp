#include "serve/operations/cut_files.hpp"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace blip::serve {
namespace {

// What a signal handler knows is global by its nature.
std::atomic<std::uint64_t> pages_replaced = 0;
std::atomic<std::uintptr_t> page_size = 4096;
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

// Nothing but a system call: locks and memory may be in any state here.
void replace_page(int signal, siginfo_t* info, void* /*context*/) {
  const int saved = errno;
  if (info->si_code == BUS_ADRERR) {
    const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
    void* const page = reinterpret_cast<void*>(address & ~(page_size.load() - 1));
    void* const zeros = mmap(page, page_size.load(), PROT_READ,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, /*offset=*/0);
    if (zeros == page) {
      pages_replaced.fetch_add(1);
      errno = saved;
      return;
    }
  }
  // Damaged memory and the like: the instruction is run again, and ends the process.
  struct sigaction usual = {};
  usual.sa_handler = SIG_DFL;
  sigaction(signal, &usual, nullptr);
  errno = saved;
}

}  // namespace

void survive_cut_files() {
  page_size = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  struct sigaction action = {};
  action.sa_sigaction = replace_page;
  action.sa_flags = SA_SIGINFO;
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, nullptr);
}

std::uint64_t cut_pages() noexcept {
  return pages_replaced.load();
}

}  // namespace blip::serve
