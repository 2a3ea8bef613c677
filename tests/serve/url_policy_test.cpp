// Which URLs are fetched: every address that is not the Internet's, in every spelling, is refused.
#include "serve/pictures/url_policy.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "blip/error.hpp"
#include "serve/pictures/image_fetcher.hpp"
#include "serve/pictures/media_root.hpp"

namespace blip::serve {
namespace {

using Reach = IpAddress::Reach;

std::string refusal_of(const ImageFetcher& fetcher, const std::string& url) {
  try {
    (void)fetcher.fetch(url);
    return "fetched";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(IpAddress, KnowsWhatIsNotTheInternet) {
  for (const char* text : {"0.0.0.0",
                           "0.1.2.3",
                           "10.0.0.0",
                           "10.255.255.255",
                           "100.64.0.0",
                           "100.127.255.255",
                           "127.0.0.1",
                           "127.255.255.255",
                           "169.254.0.0",
                           "169.254.169.254",
                           "169.254.255.255",
                           "172.16.0.0",
                           "172.31.255.255",
                           "192.0.0.0",
                           "192.0.0.255",
                           "192.0.2.1",
                           "192.88.99.1",
                           "192.168.0.0",
                           "192.168.255.255",
                           "198.18.0.0",
                           "198.19.255.255",
                           "198.51.100.1",
                           "203.0.113.1",
                           "224.0.0.0",
                           "239.255.255.255",
                           "240.0.0.0",
                           "255.255.255.255",
                           "168.63.129.16",
                           "::",
                           "::1",
                           "::2",
                           "::127.0.0.1",
                           "fc00::",
                           "fdff::1",
                           "fd00:ec2::254",
                           "fe80::1",
                           "febf::1",
                           "fec0::1",
                           "feff::1",
                           "ff00::",
                           "ff02::1",
                           "100::1",
                           "2001::1",
                           "2001:1ff::1",
                           "2001:db8::1",
                           "64:ff9b:1::1",
                           "::ffff:127.0.0.1",
                           "::ffff:10.0.0.1",
                           "::ffff:169.254.169.254",
                           "64:ff9b::7f00:1",
                           "64:ff9b::a9fe:a9fe",
                           "2002:7f00:1::",
                           "2002:a9fe:a9fe::1",
                           "2001:0:1:1:1:1:80ff:fffe" /* Teredo of 127.0.0.1 */,
                           "3fff::1",
                           "5f00::1"}) {
    const auto address = IpAddress::parse(text);
    ASSERT_TRUE(address.has_value()) << text;
    EXPECT_NE(address->reach(), Reach::global) << text;
  }
  for (const char* text :
       {"1.1.1.1",          "9.255.255.255",        "11.0.0.0",   "100.63.255.255",
        "100.128.0.0",      "126.255.255.255",      "128.0.0.0",  "169.253.255.255",
        "172.15.255.255",   "172.32.0.0",           "192.0.1.0",  "192.167.255.255",
        "192.169.0.0",      "198.17.255.255",       "198.20.0.0", "223.255.255.255",
        "2606:4700::1111",  "2001:4860:4860::8888", "2a00::1",    "::ffff:1.1.1.1",
        "64:ff9b::101:101", "2002:101:101::1"}) {
    const auto address = IpAddress::parse(text);
    ASSERT_TRUE(address.has_value()) << text;
    EXPECT_EQ(address->reach(), Reach::global) << text;
  }
  for (const char* text : {"127.1", "127.0.0.01", "0x7f.0.0.1", "2130706433", "017700000001",
                           "1.2.3.4.5", "1.2.3", "fe80::1%eth0", "[::1]", "", "1.2.3.4 "}) {
    EXPECT_FALSE(IpAddress::parse(text).has_value()) << text;
  }
}

TEST(FetchUrl, CanBeReadInOneWayOnly) {
  const auto text = [](const char* url) { return FetchUrl::parse(url).text(); };
  EXPECT_EQ(text("HTTP://Example.ORG./a?b#c"), "http://example.org:80/a?b");
  EXPECT_EQ(text("https://example.org"), "https://example.org:443/");
  EXPECT_EQ(text("https://example.org?x"), "https://example.org:443/?x");
  EXPECT_EQ(text("http://[2606:4700:0::1111]:8080/"), "http://[2606:4700::1111]:8080/");
  for (const char* bad : {"",
                          "example.org",
                          "ftp://example.org/",
                          "file:///etc/passwd",
                          "gopher://example.org/",
                          "http:/example.org",
                          "http://",
                          "http:///x",
                          "http://user@example.org/",
                          "http://user:password@example.org/",
                          "http://example.org@127.0.0.1/",
                          "http://example.org\\@127.0.0.1/",
                          "http://127.0.0.1\\.example.org/",
                          "http://127.1/",
                          "http://0x7f000001/",
                          "http://2130706433/",
                          "http://017700000001/",
                          "http://0177.0.0.1/",
                          "http://127.0.0.1.:80/x y",
                          "http://1.2.3.0x4/",
                          "http://[::1/",
                          "http://[fe80::1%25lo]/",
                          "http://[127.0.0.1]/",
                          "http://example.org:0/",
                          "http://example.org:99999/",
                          "http://example.org:8x/",
                          "http://example..org/",
                          "http://example.org../",
                          "http://.example.org/",
                          "http://ex%61mple.org/",
                          "http://ex\xC3\xA4mple.org/",
                          "http://\xE2\x91\xA0.example/",
                          "http://a\tb/",
                          "http://a\r\nHost: b/",
                          "http://a\n/"}) {
    EXPECT_THROW((void)FetchUrl::parse(bad), Error) << bad;
  }
  EXPECT_THROW((void)FetchUrl::parse(std::string_view("http://a\0b/", 11)), Error);
}

TEST(FetchUrl, FollowsRedirectsButNotDownToHttp) {
  const FetchUrl base = FetchUrl::parse("https://example.org/a/b?c");
  EXPECT_EQ(base.follow("/x").text(), "https://example.org:443/x");
  EXPECT_EQ(base.follow("x?y=http://z/").text(), "https://example.org:443/a/x?y=http://z/");
  EXPECT_EQ(base.follow("//other.example/x").text(), "https://other.example:443/x");
  EXPECT_EQ(base.follow("https://other.example/").text(), "https://other.example:443/");
  EXPECT_THROW((void)base.follow("http://example.org/"), Error);
  EXPECT_THROW((void)base.follow("file:///etc/passwd"), Error);
  EXPECT_THROW((void)base.follow("//user@other.example/"), Error);
}

TEST(UrlPolicy, AsksPublicHostsAtTheUsualPorts) {
  const UrlPolicy any(true, {});
  EXPECT_NO_THROW(any.check(FetchUrl::parse("http://example.org/")));
  EXPECT_THROW(any.check(FetchUrl::parse("http://example.org:22/")), Error);
  const UrlPolicy some(false, {"photos.example:2342", "cdn.example", "[fd00::1]:80"});
  EXPECT_TRUE(some.fetches());
  EXPECT_NO_THROW(some.check(FetchUrl::parse("http://Photos.example:2342/")));
  EXPECT_NO_THROW(some.check(FetchUrl::parse("https://cdn.example/")));
  EXPECT_THROW(some.check(FetchUrl::parse("https://cdn.example:8443/")), Error);
  EXPECT_THROW(some.check(FetchUrl::parse("http://photos.example/")), Error);
  EXPECT_THROW(some.check(FetchUrl::parse("http://example.org/")), Error);
  // An allowed host may be in the house, but never be the metadata of a cloud.
  const auto address = [](const char* text) { return std::vector{*IpAddress::parse(text)}; };
  const FetchUrl url = FetchUrl::parse("http://photos.example:2342/");
  EXPECT_NO_THROW(some.check(url, address("192.168.1.5")));
  EXPECT_THROW(some.check(url, address("169.254.169.254")), Error);
  EXPECT_THROW(any.check(FetchUrl::parse("http://example.org/"), address("192.168.1.5")), Error);
  EXPECT_THROW(any.check(FetchUrl::parse("http://example.org/"), {}), Error);
  EXPECT_FALSE(UrlPolicy().fetches());
  EXPECT_THROW(UrlPolicy(false, {"http://x/"}), Error);
  EXPECT_THROW(UrlPolicy(false, {"x:y"}), Error);
}

TEST(ImageFetcher, RefusesAHostWithOneSpecialAddress) {
  int resolved = 0;
  const ImageFetcher fetcher(UrlPolicy(true, {}), {}, [&](const std::string&) {
    ++resolved;
    return std::vector{*IpAddress::parse("1.1.1.1"), *IpAddress::parse("10.0.0.1")};
  });
  EXPECT_EQ(refusal_of(fetcher, "http://rebind.example/"),
            "the image URL is not fetched: its host cannot be asked");
  // Once: there is no second answer that could be another one.
  EXPECT_EQ(resolved, 1);
  EXPECT_EQ(refusal_of(fetcher, "http://127.0.0.1/"),
            "the image URL is not fetched: its host cannot be asked");
  EXPECT_EQ(resolved, 1);
}

TEST(MediaRoot, GivesWhatIsBelowItAlone) {
  const std::filesystem::path base = std::filesystem::path(::testing::TempDir()) / "media-root";
  std::filesystem::remove_all(base);
  std::filesystem::create_directories(base / "root" / "sub");
  std::filesystem::create_directories(base / "root-other");
  std::ofstream(base / "root" / "sub" / "a.jpg") << "picture";
  std::ofstream(base / "secret") << "secret";
  std::ofstream(base / "root-other" / "secret") << "secret";
  std::filesystem::create_symlink(base / "secret", base / "root" / "link");
  std::filesystem::create_symlink("sub/a.jpg", base / "root" / "good-link");
  const MediaRoot media(base / "root");
  EXPECT_EQ(media.read("sub/a.jpg", 100), "picture");
  EXPECT_EQ(media.read((base / "root" / "sub" / "a.jpg").string(), 100), "picture");
  EXPECT_EQ(media.read("file://" + (base / "root" / "sub" / "a.jpg").string(), 100), "picture");
  EXPECT_EQ(media.read("good-link", 100), "picture");
  for (const std::string& path :
       {std::string("../secret"), std::string("sub/../../secret"), std::string("link"),
        std::string("/etc/passwd"), (base / "root-other" / "secret").string(), std::string("sub"),
        std::string(""), std::string("missing"), std::string("sub/a.jpg\0", 10)}) {
    EXPECT_THROW((void)media.read(path, 100), Error) << path;
  }
  EXPECT_THROW((void)media.read("sub/a.jpg", 6), Error);
  EXPECT_THROW((void)MediaRoot().read("sub/a.jpg", 100), Error);
  EXPECT_THROW(MediaRoot(base / "missing"), Error);
}

// As SQLite locks the index of a photo library.
class LockedFile {
 public:
  explicit LockedFile(const std::filesystem::path& path)
      : path_(path), descriptor_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    struct flock lock = whole();
    EXPECT_EQ(::fcntl(descriptor_, F_SETLK, &lock), 0);
  }
  ~LockedFile() { ::close(descriptor_); }
  LockedFile(const LockedFile&) = delete;
  LockedFile& operator=(const LockedFile&) = delete;

  // Asked by another process: one's own locks cannot be seen.
  [[nodiscard]] bool is_locked() const {
    const pid_t child = ::fork();
    if (child == 0) {
      struct flock lock = whole();
      const int descriptor = ::open(path_.c_str(), O_RDWR | O_CLOEXEC);
      const bool asked = descriptor >= 0 && ::fcntl(descriptor, F_GETLK, &lock) == 0;
      ::_exit(asked && lock.l_type != F_UNLCK ? 0 : 1);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    return status == 0;
  }

 private:
  static struct flock whole() {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return lock;
  }

  std::filesystem::path path_;
  int descriptor_;
};

TEST(MediaRoot, LeavesTheLocksOfOtherFiles) {
  const std::filesystem::path base = std::filesystem::path(::testing::TempDir()) / "locked-files";
  std::filesystem::remove_all(base);
  std::filesystem::create_directories(base / "root");
  const LockedFile outside(base / "library.db");
  const LockedFile inside(base / "root" / "library.db");
  std::filesystem::create_symlink("library.db", base / "root" / "photo.jpg");
  const MediaRoot media(base / "root", {base / "root" / "library.db", base / "absent"});
  for (const std::string name : {"../library.db", "library.db", "photo.jpg"}) {
    EXPECT_THROW((void)media.read(name, 100), Error) << name;
  }
  EXPECT_TRUE(outside.is_locked());
  EXPECT_TRUE(inside.is_locked());
}

}  // namespace
}  // namespace blip::serve
