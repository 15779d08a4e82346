import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.h2.H2Backend;

/** The MongoDB-compatible store for Porter: Store PORT FILE. */
public final class Store {
    public static void main(String[] args) {
        new MongoServer(new H2Backend(args[1])).bind("127.0.0.1", Integer.parseInt(args[0]));
    }
}
