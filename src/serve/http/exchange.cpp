#include "serve/http/exchange.hpp"

#include <boost/asio/dispatch.hpp>
#include <utility>

#include "serve/http/connection.hpp"

namespace blip::serve {

template <typename Action>
void Exchange::act(Action action) const {
  const auto connection = connection_.lock();
  if (!connection) return;
  // At once on the server's own thread: what is posted there comes behind what other threads post.
  boost::asio::dispatch(connection->executor(),
                        [weak = connection_, action = std::move(action)]() mutable {
                          if (const auto alive = weak.lock()) action(*alive);
                        });
}

void Exchange::respond(HttpResponse response) const {
  act([response = std::move(response)](Connection& connection) mutable {
    connection.respond(std::move(response));
  });
}

void Exchange::prepare_stream(StreamHead head) const {
  act([head = std::move(head)](Connection& connection) mutable {
    connection.prepare_stream(std::move(head));
  });
}

void Exchange::write(std::string piece) const {
  act([piece = std::move(piece)](Connection& connection) mutable {
    connection.write_piece(std::move(piece));
  });
}

void Exchange::settle(std::function<HttpResponse(bool begun)> end) const {
  act([end = std::move(end)](Connection& connection) { connection.settle(end); });
}

void Exchange::on_gone(std::function<void()> gone) const {
  if (const auto connection = connection_.lock()) connection->on_gone(std::move(gone));
}

}  // namespace blip::serve
