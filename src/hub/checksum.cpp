#include "hub/checksum.hpp"

#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <new>
#include <system_error>
#include <vector>

#include "blip/error.hpp"
#include "core/open_file.hpp"
#include "hub/http_response.hpp"

namespace blip::hub {
namespace {

struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

class Digest {
 public:
  explicit Digest(const EVP_MD* kind) : context_(EVP_MD_CTX_new()) {
    if (context_ == nullptr) throw std::bad_alloc();
    if (EVP_DigestInit_ex(context_.get(), kind, nullptr) != 1) {
      throw Error(ErrorCode::unsupported, "OpenSSL refuses to compute a checksum");
    }
  }
  void add(const void* bytes, std::size_t count) { EVP_DigestUpdate(context_.get(), bytes, count); }
  std::string hexadecimal() {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned size = 0;
    EVP_DigestFinal_ex(context_.get(), bytes.data(), &size);
    std::string text;
    for (unsigned i = 0; i < size; ++i) {
      text += kDigits[bytes[i] >> 4U];
      text += kDigits[bytes[i] & 15U];
    }
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, FreeDigest> context_;
};

template <typename Take>
void read_all(const OpenFile& file, const std::filesystem::path& path, Take&& take) {
  std::vector<char> buffer(std::size_t{1} << 20);
  while (true) {
    const ssize_t count = ::read(file.descriptor(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      throw Error(ErrorCode::unreadable,
                  path.string() + ": " + std::generic_category().message(errno));
    }
    if (count == 0) return;
    take(buffer.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace

std::string checksum_problem(const std::filesystem::path& file, std::string_view etag) {
  const bool sha256 = is_hexadecimal(etag, 64);
  if (!sha256 && !is_hexadecimal(etag, 40)) return {};
  const OpenFile opened(file);
  if (sha256) {
    Digest digest(EVP_sha256());
    read_all(opened, file, [&](const char* bytes, std::size_t n) { digest.add(bytes, n); });
    const std::string found = digest.hexadecimal();
    return found == etag ? "" : "SHA-256 is " + found + " instead of " + std::string(etag);
  }
  Digest git(EVP_sha1());
  Digest plain(EVP_sha1());
  const std::string header = "blob " + std::to_string(opened.size());
  git.add(header.c_str(), header.size() + 1);  // with its NUL
  read_all(opened, file, [&](const char* bytes, std::size_t n) {
    git.add(bytes, n);
    plain.add(bytes, n);
  });
  const std::string found = git.hexadecimal();
  if (found == etag || plain.hexadecimal() == etag) return {};
  return "git hash is " + found + " instead of " + std::string(etag);
}

std::string sha256(std::string_view bytes) {
  Digest digest(EVP_sha256());
  digest.add(bytes.data(), bytes.size());
  return digest.hexadecimal();
}

}  // namespace blip::hub
