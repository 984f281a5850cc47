"""Coverage of the disattenuated cosine's interval with plain and widened percentiles, in NumPy: the table of docs/consistency.md."""
import numpy as np
from scipy.stats import t,norm
rng=np.random.default_rng(5)
def run(rho,rel,G,d,shared,N=1000,B=400):
    tail=norm.cdf(-t.ppf(.975,G-1)*np.sqrt((G+1)/(G-1)));c={'raw':0,'wide':0}
    s=np.sqrt(G*(1/rel-1)/d)
    for _ in range(N):
        q=np.linalg.qr(rng.normal(size=(d,2)))[0];ea=rng.normal(size=(G,d))*s;eb=rng.normal(size=(G,d))*s
        if shared: eb=.7*ea+np.sqrt(.51)*eb
        a=q[:,0]+ea;b=rho*q[:,0]+np.sqrt(1-rho*rho)*q[:,1]+eb
        ka=rng.exponential(size=(B,G));kb=ka if shared else rng.exponential(size=(B,G))
        def U(M,x,y,sm):
            n=((x@M)*y).sum(1);D=x.sum(1)*y.sum(1)
            return (n-(x*y)@np.diag(M))/(D-(x*y).sum(1)) if sm else n/D
        ab,aa,bb=U(a@b.T,ka,kb,shared),U(a@a.T,ka,ka,1),U(b@b.T,kb,kb,1)
        r=np.sort(np.where((aa>0)&(bb>0),ab/np.sqrt(np.maximum(aa*bb,1e-12)),np.sign(ab)*np.inf))
        for k,tl in(('raw',.025),('wide',tail)):
            i=int(B*tl);c[k]+=r[i]<=rho<=r[B-1-i]
    print(rho,rel,G,shared,{k:v/N for k,v in c.items()},'tail',tail,flush=True)
run(.5,.8,24,40,True);run(.5,.8,24,40,False);run(.7,.8,24,40,False);run(0,.9,24,40,False);run(.5,.8,10,40,True)
